#!/bin/sh
# Draws a password for each user of tecs.acl. Writes, into a folder (default: /etc/mosquitto):
#   tecs.passwd         for the broker: names and salted hashes
#   secrets/NAME        for each client: its password, one line; hand it over, then delete it
# Run it as root. It never draws a password anew for a name that has one: delete its line in tecs.passwd for that.
set -eu
umask 077

folder=${1:-/etc/mosquitto}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
command -v mosquitto_passwd >/dev/null || {
    echo "mosquitto_passwd is missing: apt-get install mosquitto" >&2
    exit 1
}

mkdir -p "$folder/secrets"
touch "$folder/tecs.passwd"
fresh=$(mktemp -p "$folder")
trap 'rm -f "$fresh"' EXIT

sed -n 's/^user //p' "$here/tecs.acl" | while read -r user; do
    if grep -q "^$user:" "$folder/tecs.passwd"; then
        echo "$user: has a password already" >&2
        continue
    fi
    # 24 random bytes; none of the characters base64 uses is special to mosquitto.
    password=$(head -c 24 /dev/urandom | base64)
    printf '%s:%s\n' "$user" "$password" >>"$fresh"
    printf '%s\n' "$password" >"$folder/secrets/$user"
    echo "$user: password in $folder/secrets/$user" >&2
done

# Hashes in place: no password ever stands on a command line, where every process may read it.
if [ -s "$fresh" ]; then
    mosquitto_passwd -U "$fresh"
    cat "$fresh" >>"$folder/tecs.passwd"
fi

# Readable for the broker alone, which on Debian runs as `mosquitto`.
if [ "$(id -u)" = 0 ] && getent group mosquitto >/dev/null; then
    chown root:mosquitto "$folder/tecs.passwd"
fi
chmod 640 "$folder/tecs.passwd"
