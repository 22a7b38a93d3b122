//! Tests of templates.

#![allow(clippy::disallowed_methods, reason = "a test may look at the clock and at its own memory")]

use super::{RenderError, Template};
use crate::expr::Mistake;
use crate::expr::jq::SegmentKind;
use crate::value::Value;

const DOCUMENT: &str = r#"{"name":"a<b>","none":null,"yes":true,"n":3.0,"half":0.5,
  "phases":{"plan":{"output":{"steps":[{"t":"one"},{"t":"two"}],"code":"a `` b","title":null}}}}"#;

fn none(_: &str) -> Option<String> {
    None
}

fn parse(source: &str) -> Result<Template, Vec<Mistake>> {
    Template::parse(source, &none)
}

fn render(source: &str) -> Result<String, RenderError> {
    let template = parse(source).unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}"));
    template.render(&Value::parse(DOCUMENT.as_bytes()).unwrap())
}

#[track_caller]
fn gives(source: &str, expected: &str) {
    assert_eq!(render(source).as_deref(), Ok(expected), "{source}");
}

/// Marked text and message of the error.
#[track_caller]
fn fails(source: &str, marked: &str, message: &str) {
    let error = render(source).unwrap_err();
    assert_eq!((&source[error.range.clone()], error.message.as_str()), (marked, message), "{source}");
}

#[test]
fn values_print_as_people_write_them() {
    gives("Hi {{ name }} {{ yes }} {{ n }} {{ half }}\n", "Hi a<b> true 3 0.5\n");
    gives("{{ phases.plan.output.steps }}", r#"[{"t":"one"},{"t":"two"}]"#);
    gives("{{ [1, none, true, 'x'] }}", r#"[1,null,true,"x"]"#);
    gives("{% for s in phases.plan.output.steps %}\n- {{ s.t }}\n{% endfor %}\nend\n", "- one\n- two\nend\n");
    gives("{{ phases.plan.output.steps | length }}{{ phases.plan.output.steps[-1].t }}", "2two");
    gives("{% for k, v in phases.plan | items %}{{ k }}{% endfor %}", "output");
}

#[test]
fn our_filters_do_what_they_say() {
    gives("{{ phases.plan.output.steps | tojson }}", r#"[{"t":"one"},{"t":"two"}]"#);
    gives("{{ none | tojson }} {{ yes | tojson }} {{ n | tojson }}", "null true 3");
    gives("{{ phases.plan.output.steps[0] | tojson(indent=2) }}", "{\n  \"t\": \"one\"\n}");
    gives("{{ phases.plan.output.code | fence }}", "```\na `` b\n```");
    gives("{{ '````' | fence('md') }}", "`````md\n````\n`````");
    gives("{{ phases.plan.output.steps[0] | fence }}", "```json\n{\"t\":\"one\"}\n```");
    gives("{{ 'User Auth: 2!' | slug }}", "user-auth-2");
    gives("{{ \"it's\" | shell_quote }} {{ ['a', 'b c'] | shell_quote }}", r"'it'\''s' 'a' 'b c'");
    gives("{{ 'a\nb' | indent(2) }}", "a\n  b");
    gives("{{ none | default('x') }}{{ nope | default('y') }}{{ phases.plan.nope | default('z') }}", "xyz");
    gives("{{ phases.plan.output.title | default('untitled') }}", "untitled");
}

#[test]
fn nothing_is_printed_for_what_is_not_there() {
    fails("Hi {{ nme }}", "nme", "`nme` is undefined");
    fails("a\n{{ phases.plan.outptu }}", "phases.plan.outptu", "`phases.plan.outptu` is undefined");
    fails("{{ phases.exec.output }}", "phases.exec.output", "`phases.exec` is undefined");
    fails("{{ none }}", "none", "this is null, and null cannot be printed");
    fails("{{ none | upper }}", "upper", "this is null, and null cannot be printed");
    assert!(render("{{ [1, none] | join(',') }}").is_err());
    gives("{{ [1, 2] | join(',') }} {{ 'a-b' | replace('-', '+') | upper }}", "1,2 A+B");
    assert_eq!(render("a\n{{ nme }}").unwrap_err().line, 2);
    gives("{% if none %}x{% endif %}{% if phases.plan.nope is defined %}y{% endif %}ok", "ok");
}

#[test]
fn includes_are_part_of_it() {
    let files = |name: &str| match name {
        "a.md" => Some("A {{ name }}{% include 'b.md' %}".to_owned()),
        "b.md" => Some("B\n{{ nope }}".to_owned()),
        "c.md" => Some("{% include 'c.md' %}".to_owned()),
        "d.md" => Some("x\n{{ x | nofilter }}".to_owned()),
        _ => None,
    };
    let template = Template::parse("{% include 'a.md' %}", &files).unwrap();
    assert_eq!(template.includes(), ["b.md", "a.md"]);
    let error = template.render(&Value::parse(DOCUMENT.as_bytes()).unwrap()).unwrap_err();
    assert_eq!((error.include.as_deref(), error.line, error.message.as_str()), (Some("b.md"), 2, "`nope` is undefined"));
    let mistakes = |source: &str| -> Vec<(String, String, String)> {
        let mistakes = Template::parse(source, &files).unwrap_err();
        mistakes.into_iter().map(|m| (m.code.id.to_owned(), source[m.range].to_owned(), m.message)).collect()
    };
    assert_eq!(mistakes("{% include 'c.md' %}")[0].0, "T007");
    assert_eq!(
        mistakes("{% include 'z.md' %}")[0],
        ("T004".into(), "'z.md'".into(), "there is no file `z.md` to include".into())
    );
    assert_eq!(mistakes("{% include name %}")[0].0, "T004");
    let inner = &mistakes("{% include 'd.md' %}")[0];
    assert_eq!((inner.0.as_str(), inner.2.as_str()), ("T003", "in `d.md`, line 2: there is no filter `nofilter`"));
    assert!(Template::parse("{% include 'z.md' ignore missing %}ok", &files).is_ok());
}

#[test]
fn mistakes_stand_where_they_are() {
    let marks = |source: &str| -> Vec<(String, String)> {
        let mistakes = parse(source).unwrap_err();
        mistakes.into_iter().map(|m| (m.code.id.to_owned(), source[m.range].to_owned())).collect()
    };
    let one = |code: &str, text: &str| vec![(code.to_owned(), text.to_owned())];
    assert_eq!(marks("l1\n{{ name | }}"), one("T001", "}}"));
    assert_eq!(marks("x {{ .phases.plan }}"), one("T001", "."));
    assert_eq!(parse("x {{ .phases.plan }}").unwrap_err()[0].message, "this is jq, and here stands a template");
    assert_eq!(marks("{{ name | uper }}"), one("T003", "uper"));
    assert_eq!(parse("{{ name | uper }}").unwrap_err()[0].suggestion.as_deref(), Some("upper"));
    assert_eq!(marks("{{ name is strng }}"), one("T003", "strng"));
    assert_eq!(marks("{{ now() }}"), one("T003", "now"));
    assert!(parse("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(name) }}").is_ok());
}

#[test]
fn every_known_filter_test_and_function_exists() {
    let env = super::filter::environment();
    let check = |what: &str, name: &str| {
        let source = format!("{{{{ '{name}' is {what} }}}}");
        assert_eq!(env.render_str(&source, ()).unwrap(), "true", "{what} {name}");
    };
    for name in super::filter::FILTERS.iter().chain(&super::filter::OWN_FILTERS) {
        check("filter", name);
    }
    for name in super::filter::TESTS {
        check("test", name);
    }
    assert_eq!(env.globals().map(|(name, _)| name.to_owned()).collect::<Vec<_>>(), super::filter::FUNCTIONS);
}

#[test]
fn reads_are_followed() {
    let reads = |source: &str| -> Vec<(String, String, bool, bool)> {
        let template = parse(source).unwrap();
        let path = |read: &super::Read| {
            let step = |n: usize, kind: &SegmentKind| match kind {
                SegmentKind::Key(name) if n == 0 => name.clone(),
                SegmentKind::Key(name) => format!(".{name}"),
                SegmentKind::Index(n) => format!("[{n}]"),
                SegmentKind::Each => "[]".into(),
                SegmentKind::Unknown => "[?]".into(),
            };
            read.path.iter().enumerate().map(|(n, segment)| step(n, &segment.kind)).collect::<String>()
        };
        let read = |read: &super::Read| (path(read), source[read.range.clone()].to_owned(), read.guarded, read.printed);
        template.reads().iter().map(read).collect()
    };
    let own = |found: &[(&str, &str, bool, bool)]| -> Vec<_> {
        found.iter().map(|(path, text, guarded, printed)| ((*path).to_owned(), (*text).to_owned(), *guarded, *printed)).collect()
    };
    assert_eq!(
        reads("{{ phases.plan.output.steps[0].t }}"),
        own(&[("phases.plan.output.steps[0].t", "phases.plan.output.steps[0].t", false, true)])
    );
    assert_eq!(
        reads("{% for s in phases.plan.output.steps %}{{ s.t }}{{ loop.index }}{% endfor %}"),
        own(&[
            ("phases.plan.output.steps", "phases.plan.output.steps", false, false),
            ("phases.plan.output.steps[].t", "s.t", false, true)
        ])
    );
    assert_eq!(
        reads("{% set p = phases.plan %}{{ p.output | fence }}")[1],
        ("phases.plan.output".into(), "p.output".into(), false, true)
    );
    assert_eq!(reads("{{ a.b | default('x') }}"), own(&[("a.b", "a.b", true, true)]));
    assert_eq!(
        reads("{% if a.b is defined %}{{ a.b }}{% endif %}"),
        own(&[("a.b", "a.b", true, false), ("a.b", "a.b", true, true)])
    );
    assert_eq!(reads("{% if a %}{{ a['x y'].c }}{% endif %}")[1], ("a.x y.c".into(), "a['x y'].c".into(), false, true));
    assert_eq!(reads("{{ 'x' if a.b else 'y' }}"), own(&[("a.b", "a.b", true, false)]));
    assert_eq!(parse("{{ a | fence | indent }}").unwrap().reads()[0].filters, ["fence", "indent"]);
}

#[test]
fn bombs_end_as_errors() {
    for source in [
        "{% for i in range(9999) %}{% for j in range(9999) %}{{ i * j }}{% endfor %}{% endfor %}",
        "{% for i in range(100000000) %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s | length }}",
        "{{ ('ab' * 1000000000) | length }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set ns = namespace(s='ab') %}{% for i in range(23) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
    ] {
        let start = std::time::Instant::now();
        assert!(render(source).is_err(), "{source}");
        assert!(start.elapsed().as_secs() < 60, "{source} took {:?}", start.elapsed());
    }
    assert!(parse(&"{{ (".repeat(10_000)).is_err());
    assert!(parse(&format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000))).is_err());
}
