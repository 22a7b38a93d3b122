//! What of jq's own tests the program does not pass, by the reason. The book tells the same reasons to people.
//!
//! A case is known by the line of its program in jq's file. A case that passes must not stand here.

/// Cases that do not pass, for one reason.
pub(super) struct LeftOut {
    /// What it is about, as the book calls it.
    pub(super) what: &'static str,
    cases: &'static [(&'static str, &'static [usize])],
}

impl LeftOut {
    /// The lines of one file.
    pub(super) fn lines(&self, file: &str) -> &'static [usize] {
        self.cases.iter().find(|(name, _)| *name == file).map_or(&[], |(_, lines)| lines)
    }
}

/// All of them.
pub(super) const LEFT_OUT: &[LeftOut] = &[
    LeftOut { what: "modules", cases: &[("jq", &[1900, 1904, 1908, 1912, 1917, 1921, 1925, 1929, 1969, 1973, 1977, 1993])] },
    LeftOut { what: "the outside world", cases: &[("jq", &[1872, 1885, 2337, 2341, 2548]), ("man", &[686, 690])] },
    LeftOut {
        what: "texts of errors",
        cases: &[
            (
                "jq",
                &[
                    200, 213, 217, 229, 709, 720, 745, 1123, 1127, 1131, 1135, 1173, 1214, 1258, 1290, 1294, 1302, 1448, 1575,
                    1868, 1876, 1881, 1997, 2001, 2005, 2014, 2058, 2062, 2324, 2407, 2411, 2475, 2479, 2487, 2494, 2498, 2533,
                ],
            ),
            ("base64", &[40, 45]),
        ],
    },
    LeftOut {
        what: "limits",
        cases: &[("jq", &[1641, 2558, 2563, 2568, 2577, 2585, 2593, 2602, 2611, 2616, 2621, 2625, 2629, 2633])],
    },
    LeftOut { what: "large whole numbers", cases: &[("jq", &[2196, 2200, 2204, 2211, 2215, 2219, 2224, 2241]), ("man", &[13])] },
    LeftOut { what: "several paths at once", cases: &[("jq", &[1278])] },
    LeftOut { what: "corners of the grammar", cases: &[("jq", &[353, 915, 2071])] },
    LeftOut { what: "broken down times", cases: &[("jq", &[1851, 1855])] },
    LeftOut { what: "code points that are no characters", cases: &[("jq", &[2403])] },
    LeftOut { what: "regular expressions", cases: &[("onig", &[32, 128, 174, 191])] },
    LeftOut { what: "names inside jq", cases: &[("jq", &[1553, 1557])] },
];
