//! The names that a template may use: what is not here is not read, and told by name.

/// Jinja's and Home Assistant's filters that a template may name; what is not here is not read.
pub(super) const FILTERS: &str = "abs average batch bitwise_and bitwise_or bitwise_xor bool capitalize contains cos count d default dictsort e \
    escape first float format from_json groupby iif int is_defined is_number items join last length list log lower \
    map max median min multiply ord regex_findall regex_findall_index regex_match regex_replace regex_search \
    reject rejectattr replace reverse round safe select selectattr sin slice sort split sqrt string sum tan title \
    to_json tojson trim unique upper";

/// Tests that a template may name.
pub(super) const TESTS: &str = "boolean contains defined divisibleby eq equalto even false float ge greaterthan gt in integer is_number \
    iterable le lessthan list lower lt mapping match ne none number odd sameas search sequence string true \
    undefined upper";

/// Functions and constants that a template may name, beside its own variables.
pub(super) const FUNCTIONS: &str = "average bool cos dict e float iif int is_number log max median min namespace pi range sin sqrt tan tau tuple";

/// Python's methods that are there (`minijinja-contrib`, `pycompat`).
pub(super) const METHODS: &str = "capitalize count endswith find format get isalnum isalpha isascii isdigit islower isnumeric isupper items join \
    keys lower lstrip replace rfind rstrip split splitlines startswith strip title upper values";

/// True of a name of one of these lists.
pub(super) fn is_in(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|known| known == name)
}
