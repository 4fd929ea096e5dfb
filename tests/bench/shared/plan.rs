//! What is to be measured, how thoroughly, and how the result is said.

/// What a program was asked for: `quick` for smaller numbers, and names of goals, none for all.
pub struct Plan {
    pub is_quick: bool,
    goals: Vec<String>,
}

/// A goal, or a part of one.
pub struct Goal {
    pub name: &'static str,
    pub target: f64,
    pub moonshot: f64,
    /// What the number is of.
    pub part: &'static str,
}

impl Plan {
    pub fn of_arguments() -> Self {
        let words: Vec<String> = std::env::args()
            .skip(1)
            // Cargo says it to every benchmark.
            .filter(|word| word != "--bench")
            .collect();
        let (quick, goals): (Vec<_>, Vec<_>) = words.into_iter().partition(|word| word == "quick");
        Plan {
            is_quick: !quick.is_empty(),
            goals,
        }
    }

    pub fn wants(&self, goal: &str) -> bool {
        self.goals.is_empty() || self.goals.iter().any(|wanted| wanted == goal)
    }

    /// The number for a thorough run, or for a quick one.
    pub fn either<T>(&self, thorough: T, quick: T) -> T {
        if self.is_quick { quick } else { thorough }
    }
}

impl Goal {
    /// A goal that is met by what is less.
    pub fn say(&self, value: f64, detail: &str) {
        self.line(value, "target", detail);
    }

    /// A goal that is met by what is more.
    pub fn say_at_least(&self, value: f64, detail: &str) {
        self.line(value, "target at least", detail);
    }

    fn line(&self, value: f64, target: &str, detail: &str) {
        let Goal {
            name,
            target: aim,
            moonshot,
            part,
        } = self;
        let detail = match detail {
            "" => String::new(),
            some => format!("; {some}"),
        };
        println!("{name} {value:.2} ({target} {aim}, moonshot {moonshot}) {part}{detail}");
    }
}
