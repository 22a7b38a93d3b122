//! What formatting does, case by case.

use super::format;
use crate::text::FileId;

#[track_caller]
fn becomes(text: &str, expected: &str) {
    let once = format(FileId(0), text).expect("no syntax errors");
    assert_eq!(once, expected);
    assert_eq!(format(FileId(0), &once).as_deref(), Ok(expected), "a second time");
}

#[test]
fn tables_and_keys_stand_in_the_order_of_the_language() {
    becomes(
        r#"[[tests]]
expect = { status = "complete" }
name = "t"
[phases.b]
set = '1'
description = "d"
[agents.z]
access = "read"
[phases.a.output]
y = "string"
x = "string"
[phases.a]
prompt = "p"
agent = "z"
needs = ["b"]
"#,
        r#"[agents.z]
access = "read"

[phases.b]
description = "d"
set = '1'

[phases.a]
needs = ["b"]
agent = "z"
prompt = "p"

[phases.a.output]
y = "string"
x = "string"

[[tests]]
name = "t"
expect = { status = "complete" }
"#,
    );
}

#[test]
fn what_the_author_named_stays_in_the_order_of_the_author() {
    becomes(
        "name='x'\nflow=1\n[vars]\nb='1'\na='.vars.b'\n[params.z]\n[params.y]\n[phases.b]\nset='1'\nenv={Z='1',A='2'}\n",
        "flow = 1\nname = 'x'\n\n[params.z]\n\n[params.y]\n\n[vars]\nb = '1'\na = '.vars.b'\n\n[phases.b]\nset = '1'\nenv = { Z = '1', A = '2' }\n",
    );
}

#[test]
fn elements_keep_what_is_theirs() {
    becomes(
        "[[tests]]\nname='1'\n[tests.stubs]\na=1\n[tests.expect]\npath=[]\n[[phases.p.accept]]\nthat='1'\n[[tests]]\n[tests.stubs]\nb=2\n[[phases.p.accept]]\nthat='2'\n[phases]\nq={set='1'}\n",
        "[[phases.p.accept]]\nthat = '1'\n\n[[phases.p.accept]]\nthat = '2'\n\n[phases]\nq = { set = '1' }\n\n[[tests]]\nname = '1'\n\n[tests.stubs]\na = 1\n\n[tests.expect]\npath = []\n\n[[tests]]\n\n[tests.stubs]\nb = 2\n",
    );
}

/// Comments in every place that there is.
const EVERYWHERE: [&str; 2] = [
    r#"# The file.
#:schema x.json

# The name.
name = "x" # behind it
# The version.
flow = 1
# below it

# --- phases ---

# Of b.
[phases.b] # b
# In b.

# Of set.
set = '1'
needs = [ # what is needed
  # Of a.
  "a", # a
  # Of c.

  "c" # c
  , # of nothing
  # The rest.
] # all
# after needs
[agents.a]
# Nothing yet.

# The end.
"#,
    r#"#:schema x.json

# The file.

# The version.
flow = 1
# below it

# The name.
name = "x" # behind it

# after needs
[agents.a]
# Nothing yet.

# --- phases ---

# Of b.
[phases.b] # b
# In b.

needs = [ # what is needed
  # Of a.
  "a", # a
  # Of c.

  "c", # c
  # of nothing
  # The rest.
] # all
# Of set.
set = '1'

# The end.
"#,
];

#[test]
fn comments_go_where_what_they_belong_to_goes() {
    becomes(EVERYWHERE[0], EVERYWHERE[1]);
}

#[test]
fn a_list_that_is_too_wide_gets_a_line_for_each_item() {
    let word = "x".repeat(40);
    let inner = format!("[\"{word}\", \"{word}\", \"{word}\"]");
    becomes(
        &format!(
            "[[tests]]\nfiles=['{word}','{word}','{word}']\n[tests.stubs]\na=[{inner},[1,2,],{{a={inner}}}]\nb={{c=[1,{inner}]}}\n"
        ),
        &format!(
            "[[tests]]\nfiles = [\n  '{word}',\n  '{word}',\n  '{word}',\n]\n\n[tests.stubs]\na = [\n  [\n    \"{word}\",\n    \"{word}\",\n    \"{word}\",\n  ],\n  [1, 2],\n  {{ a = {inner} }},\n]\nb = {{ c = [1, {inner}] }}\n"
        ),
    );
}

#[test]
fn a_list_of_one_thing_is_not_made_narrower_by_lines() {
    let word = "x".repeat(70);
    let table = format!("[{{ a = \"{word}\", b = \"{word}\" }}]");
    becomes(
        &format!("a = {table}\nb = [[\"{word}\", \"{word}\"]]\n"),
        &format!("a = {table}\nb = [[\n  \"{word}\",\n  \"{word}\",\n]]\n"),
    );
}

#[test]
fn a_line_with_a_comment_stays_one_line() {
    let inner = format!("[\"{0}\", \"{0}\"]", "x".repeat(60));
    becomes(
        &format!("a = [\n  {inner}, # one\n  # two\n  {inner}\n]\n"),
        &format!("a = [\n  {inner}, # one\n  # two\n  {inner},\n]\n"),
    );
}

#[test]
fn what_is_broken_stays_broken() {
    becomes("a=[\n1,2\n\n\n,3]\nb=[\n\n]\nc={x=[\n1]}\n", "a = [\n  1,\n  2,\n\n  3,\n]\nb = []\nc = { x = [\n  1,\n] }\n");
    becomes("a={\n b=1, # one\n c=2}\n", "a = {\n  b = 1, # one\n  c = 2,\n}\n");
    becomes("a={ b # c\n = # d\n [ # e\n 1] }\n", "a = {\n  # c\n  # d\n  b = [ # e\n    1,\n  ],\n}\n");
}

#[test]
fn blanks_are_one_way() {
    becomes(
        "\n\n  a . b=1\t \nc  =  2\n\n\n\nd=3\n[ x . \"y z\" ]\n\n\ne=1\n\n",
        "a.b = 1\nc = 2\n\nd = 3\n\n[x.\"y z\"]\ne = 1\n",
    );
    for (empty, same) in [("", ""), ("\n\n", ""), ("# c", "# c\n"), ("\n# c\n\n\n# d\n\n", "# c\n\n# d\n")] {
        becomes(empty, same);
    }
}

#[test]
fn comments_in_a_column_stay_in_one() {
    becomes("a=1    # x\nbb = 22  # y\nc=3 # z\n", "a = 1  # x\nbb = 22  # y\nc = 3 # z\n");
    becomes("a=1     # x\nbbbbbb=2# y\n[t]       # z\n", "a = 1      # x\nbbbbbb = 2 # y\n\n[t]       # z\n");
    becomes("a=1 # x\n[t]   # y\n", "a = 1 # x\n\n[t]   # y\n");
}

#[test]
fn expressions_stand_in_single_quotes_and_texts_as_they_are() {
    becomes(
        r#"result = ".a == \"b\""
pass = ".a == 'b'"
summary = "say \"a\""
[params.p]
select = ".x"
[phases.p]
accept = [{ that = ".a", message = "b" }]
"#,
        r#"result = '.a == "b"'
pass = ".a == 'b'"
summary = "say \"a\""

[params.p]
select = '.x'

[phases.p]
accept = [{ that = '.a', message = "b" }]
"#,
    );
}

#[test]
fn line_breaks_and_byte_order_mark_stay() {
    becomes(
        "\u{feff}name='x'\r\nflow=1\n[vars]\na=\"\"\"\nb\r\n\"\"\"\n",
        "\u{feff}flow = 1\r\nname = 'x'\r\n\r\n[vars]\r\na = '''\nb\r\n'''\r\n",
    );
    becomes("a=1\n\r\nb=2\r\n", "a = 1\n\nb = 2\n");
}

#[test]
fn a_broken_text_is_left_alone() {
    for text in ["a = ", "a = 1\na = 2\n", "[a\n", "a = [1\n", "[x]\n[x]\n"] {
        let found = format(FileId(0), text).expect_err(text);
        assert!(found.iter().all(|finding| finding.code == crate::diag::code::P001), "{text}: {found:?}");
    }
}
