//! Putting pipelines into form.

use super::Desk;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Stdio;

const RAW: &str = "name=\"a\" # The name.\nflow=1\n[phases.x]\nset=\".a == \\\"b\\\"\"\n";
const FORM: &str = "flow = 1\nname = \"a\" # The name.\n\n[phases.x]\nset = '.a == \"b\"'\n";
const BROKEN: &str = "flow = 1\nname = \n";

fn read(desk: &Desk, path: &str) -> String {
    std::fs::read_to_string(desk.project().join(path)).unwrap()
}

#[test]
fn pipelines_are_written_in_form_and_others_left_alone() {
    let desk = Desk::new().file("p/a.toml", RAW).file("p/deep/b.toml", FORM).file("p/other.toml", "a=1\n");
    desk.flow("fmt p --check").ends(1).prints("p/a.toml\n").says("checked 2 pipelines: 1 would change\n");
    desk.flow("fmt p --diff")
        .ends(1)
        .prints("--- p/a.toml\n+++ p/a.toml\n@@ -1,4 +1,5 @@\n-name=\"a\" # The name.\n-flow=1\n+flow = 1\n+name = \"a\" # The name.\n+\n [phases.x]\n-set=\".a == \\\"b\\\"\"\n+set = '.a == \"b\"'\n");
    assert_eq!(read(&desk, "p/a.toml"), RAW);
    desk.flow("fmt").ends(0).prints("").says("changed ./p/a.toml\nformatted 2 pipelines: 1 changed\n");
    assert_eq!([read(&desk, "p/a.toml").as_str(), &read(&desk, "p/other.toml")], [FORM, "a=1\n"]);
    desk.flow("fmt p").ends(0).says("formatted 2 pipelines: nothing to change\n");
    desk.flow("fmt p --check").ends(0).prints("");
    desk.flow("fmt p --diff").ends(0).prints("");
}

#[test]
fn a_pipeline_with_syntax_errors_is_left_alone_and_shown() {
    let desk = Desk::new().file("a.toml", RAW).file("b.toml", BROKEN);
    desk.flow("fmt .")
        .ends(1)
        .says_part("P001")
        .says_part("b.toml:2:")
        .says_part("changed ./a.toml\nformatted 2 pipelines: 1 changed, 1 left alone\n");
    assert_eq!([read(&desk, "a.toml").as_str(), &read(&desk, "b.toml")], [FORM, BROKEN]);
    desk.flow("fmt a.toml none.toml").ends(3).says_part("there is no pipeline `none.toml`");
    desk.flow("fmt peer").ends(3).says("error: there is no pipeline `peer`: it is built into the program, and no file\n");
    desk.flow("fmt a.toml -").ends(2).says_part("`flow fmt -` formats stdin alone");
}

#[test]
fn permissions_and_links_stay() {
    let desk = Desk::new().file("real/a.toml", RAW);
    let (real, link) = (desk.project().join("real/a.toml"), desk.project().join("link.toml"));
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real/a.toml", &link).unwrap();
    desk.flow("fmt link.toml").ends(0);
    assert!(link.is_symlink());
    assert_eq!((read(&desk, "link.toml").as_str(), real.metadata().unwrap().mode() & 0o777), (FORM, 0o640));
    let names: Vec<_> = std::fs::read_dir(desk.project().join("real")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.toml"]);
}

#[test]
fn stdin_is_formatted_to_stdout() {
    let desk = Desk::new();
    let typed = |line: &str, text: &str| {
        let mut child = desk.command(line.split(' ')).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        desk.did(line, &child.wait_with_output().unwrap())
    };
    typed("fmt -", RAW).ends(0).prints(FORM).says("");
    typed("fmt -", BROKEN).ends(1).prints("").says_part("P001");
    typed("fmt - --check", RAW).ends(1).prints("-\n");
    typed("fmt - --check", FORM).ends(0).prints("");
}
