//! The POSIX ustar format (IEEE 1003.1, pax), as much of it as a few short files need: any `tar` reads it. It compresses
//! nothing and reads nothing.

use std::io::{self, Write};

/// The size of a header, and of what a file's content is filled up to, bytes.
const BLOCK: usize = 512;
/// Owner reads and writes.
const MODE: u64 = 0o600;

/// Writes one file into the archive. Its name has at most 100 bytes.
pub(super) fn add(
    out: &mut impl Write,
    name: &str,
    content: &[u8],
    modified_s: u64,
) -> io::Result<()> {
    let header = header(name, content.len() as u64, modified_s)?;
    out.write_all(&header)?;
    out.write_all(content)?;
    let over = content.len() % BLOCK;
    if over > 0 {
        out.write_all(&vec![0; BLOCK - over])?;
    }
    Ok(())
}

/// Two empty blocks end an archive.
pub(super) fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

fn header(name: &str, size: u64, modified_s: u64) -> io::Result<Vec<u8>> {
    if name.len() > 100 {
        return Err(io::Error::other("a name of more than 100 bytes"));
    }
    // Fields in their order: name, mode, uid, gid, size, mtime, checksum, typeflag, linkname, magic, version.
    let mut header = field(name.as_bytes(), 100);
    for (value, width) in [(MODE, 8), (0, 8), (0, 8), (size, 12), (modified_s, 12)] {
        header.extend(octal(value, width));
    }
    let before = header.len();
    header.extend_from_slice(b"        ");
    header.push(b'0');
    header.extend(field(b"", 100));
    header.extend_from_slice(b"ustar\x0000");
    header.resize(BLOCK, 0);
    // The checksum is counted with blanks in its place.
    let sum: u64 = header.iter().map(|b| u64::from(*b)).sum();
    let said = format!("{sum:06o}\0 ");
    for (place, byte) in header.iter_mut().skip(before).zip(said.bytes()) {
        *place = byte;
    }
    Ok(header)
}

fn field(text: &[u8], width: usize) -> Vec<u8> {
    let mut field = text.to_vec();
    field.resize(width, 0);
    field
}

fn octal(value: u64, width: usize) -> Vec<u8> {
    let digits = width - 1;
    field(format!("{value:0digits$o}").as_bytes(), width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn any_tar_reads_what_is_written_here() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar");
        let mut out = std::fs::File::create(&path).unwrap();
        let long = vec![b'x'; 1_500];
        add(&mut out, "diag/one.txt", b"hello\n", 1_767_225_600).unwrap();
        add(&mut out, "diag/long.txt", &long, 1_767_225_600).unwrap();
        add(&mut out, "diag/empty.txt", b"", 1_767_225_600).unwrap();
        end(&mut out).unwrap();
        let unpacked = Command::new("tar")
            .args(["-x", "-f"])
            .arg(&path)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(unpacked.status.success(), "{unpacked:?}");
        let read = |name: &str| std::fs::read(folder.path().join("diag").join(name)).unwrap();
        assert_eq!(read("one.txt"), b"hello\n");
        assert_eq!(read("long.txt"), long);
        assert_eq!(read("empty.txt"), b"");
        assert!(add(&mut Vec::new(), &"n".repeat(101), b"", 0).is_err());
    }
}
