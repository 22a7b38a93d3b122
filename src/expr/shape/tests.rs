//! Tests of shapes: what is written, the schema it becomes, what that accepts, and what is said when it does not.

use super::{Lookup, Raw, RawKind, Schema, Seg, Shape, Type, check_schema, sample, schema_of};
use crate::text::{Embedded, FileId, Span, Spanned};
use crate::value::Value;
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

const FILE: FileId = FileId(0);

fn text(text: &str) -> Raw {
    let text = Embedded::slice(text, FILE, 100);
    Raw { span: text.whole(), kind: RawKind::Text(text) }
}

fn table(entries: &[(&str, Raw)]) -> Raw {
    let span = Span::new(FILE, 0..9);
    let key = |at: usize, name: &str| Spanned::new(name.to_owned(), Span::new(FILE, 10 * at..10 * at + name.len()));
    let entries = entries.iter().enumerate().map(|(at, (name, raw))| (key(at, name), raw.clone())).collect();
    Raw { span, kind: RawKind::Table(entries) }
}

fn list(items: Vec<Raw>) -> Raw {
    Raw { span: Span::new(FILE, 50..60), kind: RawKind::List(items) }
}

fn json(text: &str) -> Value {
    Value::parse(text.as_bytes()).unwrap()
}

fn schema(raw: &Raw) -> Value {
    Shape::parse(raw).unwrap_or_else(|found| panic!("{found:#?}")).to_schema()
}

fn check(raw: &Raw, value: &str) -> Result<Value, Vec<String>> {
    Schema::compile(&schema(raw)).unwrap().check(json(value))
}

fn wrong(raw: &Raw, value: &str) -> Vec<String> {
    check(raw, value).unwrap_err()
}

#[test]
fn a_word_becomes_its_schema() {
    let cases = [
        ("string", r#"{"type":"string"}"#),
        (" integer ", r#"{"type":"integer"}"#),
        ("boolean", r#"{"type":"boolean"}"#),
        ("json", "{}"),
        ("json?", "{}"),
        ("string?", r#"{"type":["string","null"]}"#),
        ("string[]", r#"{"type":"array","items":{"type":"string"}}"#),
        ("string?[]", r#"{"type":"array","items":{"type":["string","null"]}}"#),
        ("string[][]?", r#"{"type":["array","null"],"items":{"type":"array","items":{"type":"string"}}}"#),
        ("'low' | 'high'", r#"{"type":"string","enum":["low","high"]}"#),
        ("'a'|'b'?", r#"{"type":["string","null"],"enum":["a","b",null]}"#),
        ("'a'|\"it's\"[]", r#"{"type":"array","items":{"type":"string","enum":["a","it's"]}}"#),
        ("number 0..100", r#"{"type":"number","minimum":0,"maximum":100}"#),
        ("integer -1..", r#"{"type":"integer","minimum":-1}"#),
        ("number ..0.5", r#"{"type":"number","maximum":0.5}"#),
        ("integer 1..5[]", r#"{"type":"array","items":{"type":"integer","minimum":1,"maximum":5}}"#),
    ];
    for (shape, expected) in cases {
        assert_eq!(schema(&text(shape)).to_json(), json(expected).to_json(), "{shape}");
    }
}

#[test]
fn a_table_is_closed_unless_it_has_a_star() {
    let closed = table(&[("a", text("string")), ("b?", text("integer")), ("c", text("json?"))]);
    let expected = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":["integer","null"]},"c":{}},
        "required":["a"],"additionalProperties":false}"#;
    assert_eq!(schema(&closed).to_json(), json(expected).to_json());
    let open = table(&[("a", text("string")), ("*", text("json"))]);
    assert_eq!(schema(&open).get("additionalProperties").to_json(), serde_json::json!({}));
    assert!(check(&open, r#"{"a":"x","b":[1]}"#).is_ok());
    let counts = table(&[("*", text("integer"))]);
    assert_eq!(wrong(&counts, r#"{"a b":"x"}"#), [r#".["a b"]: expected a whole number, found "x""#]);
}

#[test]
fn what_is_wrong_in_a_shape_is_told_at_its_place() {
    let cases = [
        ("strng", 0..5, "`strng` is no type", "did you mean `string`?"),
        ("String", 0..6, "`String` is no type", "did you mean `string`?"),
        ("bool[]", 0..4, "`bool` is no type", "did you mean `boolean`?"),
        ("object", 0..6, "`object` is no type", "write the fields as a table"),
        ("", 0..0, "a type is missing", "the types are"),
        ("low|high", 0..3, "`low` is no type", "choices are quoted"),
        ("'low'|high", 6..10, "`high` is no choice", "choices are quoted"),
        ("'low'|string", 6..12, "`string` is no choice", "anyOf"),
        ("'low'|", 6..6, "a choice is missing", "choices are quoted"),
        ("'low", 0..4, "no closing `'`", "choices are quoted"),
        ("'a'|'a'", 4..7, "there twice", ""),
        ("string|integer", 6..14, "does not belong here", "only quoted choices"),
        ("string??", 7..8, "one `?` is enough", ""),
        ("string*", 6..7, "`*` does not belong here", "[]"),
        ("string 1..5", 7..11, "only `integer` and `number` have bounds", "accept"),
        ("integer[] 1..5", 10..14, "a list has no bounds", "before the brackets"),
        ("integer 5..1", 8..12, "the lower bound 5 is above the upper bound 1", ""),
        ("integer 0.5..1", 8..11, "is whole", ""),
        ("number ..", 7..9, "bound nothing", "0..100"),
        ("number 0-100", 7..12, "no bounds", "0..100"),
        ("number 5", 7..8, "no bounds", "0..100"),
        ("number -..5", 7..8, "is no number", "0..100"),
    ];
    for (shape, range, message, help) in cases {
        let found = Shape::parse(&text(shape)).unwrap_err();
        let [finding] = found.as_slice() else { panic!("{shape}: {found:#?}") };
        assert_eq!(finding.code.id, "D010");
        assert_eq!(finding.span, Span::new(FILE, range.start + 100..range.end + 100), "{shape}: {}", finding.message);
        assert!(finding.message.contains(message), "{shape}: {}", finding.message);
        assert!(finding.help.clone().unwrap_or_default().contains(help), "{shape}: {:?}", finding.help);
    }
}

#[test]
fn all_that_is_wrong_in_a_table_is_told_at_once() {
    let raw = table(&[
        ("a", text("strng")),
        ("b", list(vec![])),
        ("b?", text("string")),
        ("?", text("string")),
        ("*?", text("json")),
        ("c", table(&[])),
        ("d", list(vec![text("string"), text("integer")])),
        ("e", Raw { span: Span::new(FILE, 0..1), kind: RawKind::File(Spanned::new("x.json".into(), Span::new(FILE, 0..1))) }),
    ]);
    let found = Shape::parse(&raw).unwrap_err();
    let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    let expected = [
        "`strng` is no type",
        "this list does not say what it is a list of",
        "the field `b` is there twice",
        "this field has no name",
        "`*` stands for all other fields, which may be left out anyway",
        "this table has no fields",
        "a list of one shape, found 2",
        "a schema file cannot be a part of a shape",
    ];
    assert_eq!(messages, expected);
    assert_eq!(found[2].span, Span::new(FILE, 20..22));
    assert_eq!(found[2].related[0].0, Span::new(FILE, 10..11));
}

#[test]
fn nesting_ends_before_anything_breaks() {
    assert!(Shape::parse(&text(&format!("string{}", "[]".repeat(39)))).is_ok());
    assert!(Shape::parse(&text(&format!("string{}", "[]".repeat(40)))).is_err());
    let mut raw = text("string");
    for _ in 0..200 {
        raw = table(&[("a", raw)]);
    }
    assert_eq!(Shape::parse(&raw).unwrap_err()[0].message, "shapes nest at most 40 levels deep");
    let mut raw = text("string");
    for _ in 0..39 {
        raw = table(&[("a", raw)]);
    }
    let deep = schema(&raw).to_json().to_string();
    assert!(Value::parse(format!("{}{deep}{}", "[".repeat(20), "]".repeat(20)).as_bytes()).is_ok());
}

#[test]
fn a_schema_file_is_checked_at_its_name() {
    let span = Span::new(FILE, 3..9);
    let raw = Raw { span, kind: RawKind::File(Spanned::new("a.json".to_owned(), span)) };
    assert_eq!(schema_of(&raw, None), Ok(None));
    assert_eq!(schema_of(&raw, Some(r#"{"type":"string"}"#)), Ok(Some(json(r#"{"type":"string"}"#))));
    for (text, message) in
        [("{", "is no JSON"), ("3", "a JSON Schema is a table"), (r#"{"proprties":{}}"#, "did you mean `properties`?")]
    {
        let found = schema_of(&raw, Some(text)).unwrap_err();
        assert!(found[0].span == span && found[0].message.contains(message), "{found:?}");
    }
    let bare = text("string[]");
    assert_eq!(schema_of(&bare, None).unwrap(), Some(schema(&bare)));
}

#[test]
fn mistakes_that_a_validator_accepts_are_found_in_schemas() {
    let cases = [
        (r#"{"properties":{"a":{"typ":"string"}}}"#, ".properties.a: there is no keyword `typ`: did you mean `type`?"),
        (r#"{"type":"strng"}"#, "there is no type `strng`: did you mean `string`?"),
        (r#"{"items":{"type":["bool","null"]}}"#, ".items: there is no type `bool`: did you mean `boolean`?"),
        (r#"{"anyOf":[{},{"Enum":[1]}]}"#, ".anyOf[1]: there is no keyword `Enum`: did you mean `enum`?"),
        (
            r#"{"properties":{"title":{}},"required":["titel"],"additionalProperties":false}"#,
            "`titel` is required and not among the properties, and no others are allowed: did you mean `title`?",
        ),
        (r#"{"$ref":"https://example.org/a.json"}"#, "a reference leads nowhere"),
        (r##"{"$ref":"#/$defs/none"}"##, "a reference leads nowhere"),
        (r#"{"$ref":"file:///etc/hostname"}"#, "a reference leads nowhere"),
        (r#"{"pattern":"("}"#, ".pattern: \"(\" is no pattern"),
        (r#"{"minLength":"3"}"#, ".minLength: "),
    ];
    for (schema, expected) in cases {
        let found = check_schema(&json(schema));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{schema}: {found:?}");
    }
    let fine = r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","x-order":1,"example":"a","note":"b","default":{"typ":1},
        "properties":{"typ":{"type":"string"},"next":{"$ref":"#"}},"enum":[{"proprties":1}]}"##;
    assert_eq!(check_schema(&json(fine)), Vec::<String>::new());
}

#[test]
fn violations_say_where_what_was_expected_and_what_was_found() {
    let step = table(&[("title", text("string")), ("done?", text("boolean"))]);
    let raw = table(&[
        ("level", text("'high'|'low'")),
        ("steps", list(vec![step])),
        ("score", text("number 0..100")),
        ("notes?", text("string")),
    ]);
    let cases = [
        (r#"{"level":"hgih","steps":[],"score":1}"#, r#".level: expected one of "high", "low", found "hgih""#),
        (r#"{"level":3,"steps":[],"score":1}"#, r#".level: expected one of "high", "low", found 3"#),
        (r#"{"level":"low","steps":[{"title":"a"},{"title":3}],"score":1}"#, ".steps[1].title: expected a string, found 3"),
        (r#"{"level":"low","steps":[{}],"score":1}"#, ".steps[0]: the field `title` is missing"),
        (r#"{"level":"low","steps":{"a":1},"score":1}"#, ".steps: expected a list, found a table"),
        (r#"{"level":"low","steps":[]}"#, "the field `score` is missing"),
        (r#"{"level":"low","steps":[],"score":101}"#, ".score: must be at most 100, found 101"),
        (r#"{"level":"low","steps":[],"score":null}"#, ".score: expected a number, found null"),
        (r#"{"level":"low","steps":[],"score":1,"notes":1}"#, ".notes: expected a string or null, found 1"),
        (r#"{"level":"low","steps":[],"score":1,"note":1}"#, "there is no field `note` (did you mean `notes`?)"),
        (
            r#"{"level":"low","steps":[{"title":"a","titel":1}],"score":1}"#,
            ".steps[0]: there is no field `titel` (did you mean `title`?)",
        ),
        ("[]", "expected a table, found an empty list"),
        ("null", "expected a table, found null"),
    ];
    for (value, expected) in cases {
        assert_eq!(wrong(&raw, value), [expected], "{value}");
    }
    assert_eq!(wrong(&list(vec![text("string")]), r#"["a", 1]"#), [".[1]: expected a string, found 1"]);
}

#[test]
fn messages_are_few_and_short() {
    let many = format!("[{}]", vec![format!("\"{}\"", "x".repeat(10_000)); 50].join(","));
    let found = wrong(&text("integer[]"), &many);
    assert_eq!(found.len(), 21);
    assert_eq!(found[20], "and 30 more");
    assert!(found.iter().all(|text| text.len() < 200), "{found:?}");
    let many = format!("[{}]", vec!["1"; 5_000].join(","));
    assert_eq!(wrong(&text("string[]"), &many)[20], "and many more");
    let keys: Vec<String> = (0..3_000).map(|n| format!("\"{}{n}\":1", "k".repeat(500))).collect();
    let found = wrong(&table(&[("a?", text("string"))]), &format!("{{{}}}", keys.join(",")));
    assert!(found.len() == 1 && found[0].len() < 420, "{found:?}");
}

#[test]
fn fields_that_were_left_out_become_null_at_every_depth() {
    let inner = table(&[("b?", text("string")), ("c", text("string?"))]);
    let raw = table(&[("a?", text("string")), ("in", inner.clone()), ("all", list(vec![inner.clone()])), ("*", inner)]);
    let value = check(&raw, r#"{"in":{},"all":[{"b":"x"},{"b":null,"c":"y"}],"other":{}}"#).unwrap();
    let expected =
        r#"{"in":{"b":null,"c":null},"all":[{"b":"x","c":null},{"c":"y","b":null}],"other":{"b":null,"c":null},"a":null}"#;
    assert_eq!(value.to_json(), json(expected).to_json());
    let schema = Schema::compile(&schema(&raw)).unwrap();
    assert_eq!(schema.check(value.clone()).unwrap(), value, "checking again changes nothing");
}

#[test]
fn optional_fields_of_schema_files_take_null_and_are_filled_through_references() {
    let schema = json(
        r##"{"type":"object","required":["next"],"properties":{"a":{"type":"string"},"next":{"$ref":"#/$defs/n"},
        "maybe":{"anyOf":[{"$ref":"#/$defs/n"},{"type":"null"}]}},"$defs":{"n":{"properties":{"x":{"type":"integer"},"n":{"$ref":"#/$defs/n"}}}}}"##,
    );
    let schema = Schema::compile(&schema).unwrap();
    let value = schema.check(json(r#"{"a":null,"next":{"n":{}},"maybe":{}}"#)).unwrap();
    let expected = r#"{"next":{"n":{"x":null,"n":null},"x":null},"maybe":{"x":null,"n":null},"a":null}"#;
    assert_eq!(value.to_json(), json(expected).to_json());
    let found = schema.check(json(r#"{"next":{},"maybe":{"x":1.5}}"#)).unwrap_err();
    assert!(
        found.len() == 1
            && found[0].starts_with(".maybe: fits none of the 2 forms it may have; the nearest: .x: expected a whole number"),
        "{found:?}"
    );
}

#[test]
fn a_schema_that_refers_to_itself_in_circles_ends() {
    let circle = json(
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"properties":{"x":{"$ref":"#/$defs/a"}}}}}"##,
    );
    let schema = Schema::compile(&circle).unwrap();
    assert_eq!(schema.check(json("{}")).unwrap().to_json(), serde_json::json!({"x": null}));
    assert!(matches!(Type::of_schema(&circle), Type::Any));
    assert!(schema.check(sample(&circle)).is_ok());
    let wide: Vec<String> =
        (0..40).map(|n| format!(r##""d{n}":{{"required":["x","y"],"properties":{{"x":{{"$ref":"#/$defs/d{m}"}},"y":{{"$ref":"#/$defs/d{m}"}}}}}}"##, m = n + 1)).collect();
    let wide = json(&format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{},"d40":{{"type":"string"}}}}}}"##, wide.join(",")));
    let _ = sample(&wide);
    let _ = Type::of_schema(&wide);
}

#[test]
fn a_sample_is_readable_and_always_the_same() {
    let step = table(&[("step", text("integer")), ("title", text("string"))]);
    let raw = table(&[
        ("level", text("'high'|'low'")),
        ("steps", list(vec![step])),
        ("score", text("number 50..100")),
        ("share", text("number ..0.5")),
        ("done?", text("boolean")),
        ("files", text("string[]")),
        ("more", text("json")),
    ]);
    let expected = r#"{"level":"high","steps":[{"step":1,"title":"(title)"}],"score":50,"share":0,"done":true,"files":["(files)"],"more":{}}"#;
    assert_eq!(sample(&schema(&raw)).to_json(), json(expected).to_json());
    assert_eq!(sample(&schema(&text("string"))), Value::text("(answer)"));
}

#[test]
fn samples_of_schema_files_fit_them() {
    let cases = [
        r#"{"type":"string","minLength":20}"#,
        r#"{"type":"string","maxLength":2}"#,
        r#"{"type":"string","format":"date"}"#,
        r#"{"type":"string","pattern":"^v\\d"}"#,
        r#"{"type":"integer","exclusiveMinimum":3}"#,
        r#"{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}"#,
        r#"{"type":"integer","minimum":4,"multipleOf":3}"#,
        r#"{"type":"integer","maximum":-5}"#,
        r#"{"type":"array","items":{"type":"string"},"minItems":3,"uniqueItems":true}"#,
        r#"{"type":"array","items":{"type":"string"},"maxItems":0}"#,
        r#"{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"items":false}"#,
        r#"{"anyOf":[{"type":"null"},{"type":"integer"}]}"#,
        r#"{"allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"properties":{"b":{"const":3}},"required":["b"]}]}"#,
        r#"{"type":["null","boolean"]}"#,
        r#"{"required":["a"]}"#,
        r##"{"type":"object","properties":{"next":{"$ref":"#"},"all":{"type":"array","items":{"$ref":"#"}}},"required":["all"]}"##,
        r#"{"default":"x","type":"string","minLength":1}"#,
        r#"{"default":3,"type":"string"}"#,
        r#"{"enum":[null,"a"]}"#,
        "true",
    ];
    for text in cases {
        let schema = Schema::compile(&json(text)).unwrap();
        let value = sample(schema.schema());
        assert!(schema.check(value.clone()).is_ok(), "{text}: {}", value.to_json());
    }
}

#[test]
fn a_type_knows_what_a_path_leads_to() {
    let step = table(&[("title", text("string")), ("size?", text("'s'|'l'"))]);
    let raw = table(&[
        ("steps", list(vec![step.clone()])),
        ("step?", step),
        ("any", text("json")),
        ("open", table(&[("a", text("integer 1..3")), ("*", text("json"))])),
        ("maybe", text("number?")),
    ]);
    let ty = Type::of_schema(&schema(&raw));
    let text =
        |choices: Option<&[&str]>| Type::Text { choices: choices.map(|all| all.iter().map(|one| (*one).to_owned()).collect()) };
    let key = Seg::Key;
    let cases = [
        (vec![key("steps"), Seg::Each, key("title")], Lookup::Found(text(None), false)),
        (vec![key("steps"), Seg::Index, key("size")], Lookup::Found(text(Some(&["s", "l"])), true)),
        (vec![key("step"), key("title")], Lookup::Found(text(None), true)),
        (vec![key("maybe")], Lookup::Found(Type::Number { whole: false, min: None, max: None }, true)),
        (vec![key("any")], Lookup::Opaque),
        (vec![key("any"), key("x")], Lookup::Opaque),
        (vec![key("open"), key("a")], Lookup::Found(Type::Number { whole: true, min: Some(1.0), max: Some(3.0) }, false)),
        (vec![key("open"), key("b")], Lookup::Opaque),
        (vec![key("steps"), Seg::Each, key("titel")], Lookup::Unknown { at: 2, candidates: vec!["title".into(), "size".into()] }),
        (vec![key("step"), key("title"), key("x")], Lookup::Mismatch { at: 2, of: text(None) }),
        (vec![Seg::Each], Lookup::Opaque),
        (vec![Seg::Unknown, key("x")], Lookup::Opaque),
    ];
    for (path, expected) in cases {
        assert_eq!(ty.lookup(&path), expected, "{path:?}");
    }
    assert!(matches!(ty.lookup(&[key("steps"), key("title")]), Lookup::Mismatch { at: 1, of: Type::List(_) }));
}

#[test]
fn a_type_says_nothing_about_what_it_does_not_understand() {
    let opaque = [
        r#"{"allOf":[{"properties":{"a":{}}}],"type":"object","additionalProperties":false}"#,
        r##"{"$ref":"#"}"##,
        r#"{"$ref":"https://example.org"}"#,
        r#"{"if":{},"type":"string"}"#,
        "true",
        "{}",
    ];
    for text in opaque {
        assert_eq!(Type::of_schema(&json(text)), Type::Any, "{text}");
    }
    let either = r#"{"oneOf":[{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},
        {"type":"object","properties":{"a":{"type":"integer"},"b":{}},"required":["a"],"additionalProperties":false}]}"#;
    let ty = Type::of_schema(&json(either));
    assert!(matches!(ty.lookup(&[Seg::Key("a")]), Lookup::Found(Type::Union(_), false)));
    assert_eq!(ty.lookup(&[Seg::Key("b")]), Lookup::Opaque);
    assert_eq!(ty.lookup(&[Seg::Key("c")]), Lookup::Unknown { at: 0, candidates: vec!["a".into(), "b".into()] });
    assert_eq!(
        Type::of_schema(&json(r#"{"enum":["a",null]}"#)).split_null(),
        (Type::Text { choices: Some(vec!["a".into()]) }, true)
    );
}

/// Shapes as an author could write them.
fn shapes() -> impl Strategy<Value = Raw> {
    let word = prop_oneof![
        Just("string".to_owned()),
        Just("boolean".to_owned()),
        Just("json".to_owned()),
        Just("'a'|'b c'|\"it's\"".to_owned()),
        (-100i64..100, 0i64..50).prop_map(|(low, more)| format!("integer {low}..{}", low + more)),
        (-100i64..100).prop_map(|high| format!("number ..{high}")),
        (-100i64..100).prop_map(|low| format!("number {low}..")),
        (0u32..100).prop_map(|low| format!("number 0.{low}..0.{low}9")),
    ];
    let leaf = (word, prop::sample::select(vec!["", "?", "[]", "[][]", "[]?", "?[]"]))
        .prop_map(|(word, after)| text(&format!("{word}{after}")));
    leaf.prop_recursive(5, 40, 5, |inner| {
        let name = prop::sample::select(vec!["a", "b", "a b", "title", "x?", "y?", "*", "0", "äö"]);
        prop_oneof![
            inner.clone().prop_map(|item| list(vec![item])),
            prop::collection::vec((name, inner), 1..5).prop_map(|mut entries| {
                entries.sort_by_key(|(name, _)| *name);
                entries.dedup_by_key(|(name, _)| *name);
                table(&entries)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn the_sample_of_any_shape_satisfies_it(raw in shapes()) {
        let schema = schema(&raw);
        prop_assert_eq!(check_schema(&schema), Vec::<String>::new());
        let value = sample(&schema);
        let compiled = Schema::compile(&schema).unwrap();
        let checked = compiled.check(value.clone());
        prop_assert!(checked.is_ok(), "{} of {}: {:?}", value.to_json(), schema.to_json(), checked);
        prop_assert_eq!(compiled.check(checked.clone().unwrap()), checked);
    }

    #[test]
    fn any_text_is_a_shape_or_a_finding_inside_it(written in "[a-z '|?\\[\\].0-9-]{0,24}|\\PC{0,12}") {
        if let Err(found) = Shape::parse(&text(&written)) {
            prop_assert_eq!(found.len(), 1);
            prop_assert!(found[0].span.start >= 100 && found[0].span.end as usize <= 100 + written.len());
        }
    }
}
