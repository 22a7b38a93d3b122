//! Damaged pipelines: whatever is cut, doubled or swapped in a good file, the check ends, and a plan is there exactly
//! when no finding is an error.

use flow::diag::Severity;
use flow::project::Project;
use std::path::Path;

/// The same numbers for the same seed, everywhere.
struct Seed(u64);

impl Seed {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n.max(1)
    }
}

/// Damages a text in one to three places.
fn damaged(text: &str, seed: u64) -> String {
    let mut seed = Seed(seed);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=seed.below(3) {
        let (at, other) = (seed.below(lines.len()), seed.below(lines.len()));
        match seed.below(6) {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines[at] = lines[at].chars().rev().collect(),
            4 => {
                let keep = seed.below(lines[at].chars().count() + 1);
                lines[at] = lines[at].chars().take(keep).collect();
            }
            _ => {
                let odd = ["é", "\"", "'", "{{", "}}", "[", "]", "\u{0}", "\\", "$", "|", "(", "."][seed.below(13)];
                let put = seed.below(lines[at].chars().count() + 1);
                lines[at] = lines[at].chars().take(put).chain(odd.chars()).chain(lines[at].chars().skip(put)).collect();
            }
        }
    }
    lines.join("\n")
}

#[test]
fn no_damage_makes_the_check_fall_over() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let samples = ["tests/lint/ok/every-key.toml", "tests/lint/ok/loops.toml", "tests/format/v1/plan.toml"];
    let (mut plans, mut refused) = (0, 0);
    for sample in samples {
        let project = Project::open(root.join(sample).parent().unwrap());
        let text = std::fs::read_to_string(root.join(sample)).unwrap();
        for seed in 0..400 {
            let text = damaged(&text, seed);
            let loaded = project.load_text("damaged.toml", &text);
            let errors = loaded.findings.iter().any(|finding| finding.severity() == Severity::Error);
            assert_eq!(loaded.plan.is_none(), errors, "{sample} damaged by {seed}:\n{text}");
            for finding in &loaded.findings {
                let source = &loaded.sources.get(finding.span.file).text;
                assert!(source.get(finding.span.range()).is_some(), "{sample} damaged by {seed}: {finding:?}");
            }
            let shown = flow::diag::human(&loaded.findings, &loaded.sources, false);
            assert_eq!(shown.is_empty(), loaded.findings.is_empty());
            if errors { refused += 1 } else { plans += 1 }
        }
    }
    assert!(plans > 50 && refused > 300, "both happen: {plans} plans, {refused} refused");
}
