//! Dates, field values and URLs as scenarios write them.

use std::borrow::Cow;

use super::{Checked, T0};

/// What makes the URLs of a scenario its own in a cache that many share: a label before each host.
pub struct Texts {
    label: Option<String>,
}

impl Texts {
    pub fn new(label: Option<String>) -> Self {
        Texts { label }
    }

    /// A field value: dates filled in, one byte for each code point (Latin-1).
    pub fn value(&self, value: &str) -> Checked<Vec<u8>> {
        let filled = self.url(fill_dates(value)?);
        if filled.is_ascii() {
            return Ok(filled.into_owned().into_bytes());
        }
        let byte = |c: char| {
            u8::try_from(u32::from(c)).map_err(|_| format!("{c:?} in a field value is no byte"))
        };
        filled.chars().map(byte).collect()
    }

    /// Text with URLs in it, of which those with a scheme get the label.
    pub fn url<'a>(&self, text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
        let text = text.into();
        let Some(label) = self.label.as_deref().filter(|_| text.contains("://")) else {
            return text;
        };
        let mut out = String::with_capacity(text.len() + label.len());
        let mut rest = &*text;
        while let Some(at) = rest.find("://") {
            let (before, after) = rest.split_at(at + 3);
            out.push_str(before);
            let end = after.find(['/', '?', '#', ' ', '"', '>', ',', ';']);
            let authority = after.split_at(end.unwrap_or(after.len())).0;
            let host = authority.rfind('@').map_or(0, |at| at + 1);
            let (userinfo, host_on) = after.split_at(host);
            out.push_str(userinfo);
            out.push_str(label);
            rest = host_on;
        }
        out.push_str(rest);
        Cow::Owned(out)
    }
}

/// `{date N}`, `{date850 N}` and `{asctime N}`: T0 + N seconds in the three forms (RFC 9110 5.6.7).
fn fill_dates(value: &str) -> Checked<Cow<'_, str>> {
    if !value.contains("{date") && !value.contains("{asctime ") {
        return Ok(Cow::Borrowed(value));
    }
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('{') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = from.find('}').map_or(from.len(), |end| end + 1);
        let (braced, after) = from.split_at(end);
        rest = after;
        let words = braced.trim_matches(['{', '}']).split_once(' ');
        let form = words.and_then(|(form, _)| Form::of(form));
        let (Some(form), Some((_, seconds))) = (form, words) else {
            out.push_str(braced);
            continue;
        };
        let seconds: i64 = seconds
            .parse()
            .map_err(|_| format!("{braced} is no date"))?;
        out.push_str(&date(form, T0 / 1000 + seconds));
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

#[derive(Clone, Copy)]
enum Form {
    ImfFixdate,
    Rfc850,
    Asctime,
}

impl Form {
    fn of(name: &str) -> Option<Self> {
        match name {
            "date" => Some(Form::ImfFixdate),
            "date850" => Some(Form::Rfc850),
            "asctime" => Some(Form::Asctime),
            _ => None,
        }
    }
}

fn date(form: Form, at: i64) -> String {
    const DAYS: [&str; 7] = [
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
    ];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (days, second) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    let weekday = DAYS[days.rem_euclid(7) as usize];
    // The calendar from March on, in eras of 400 years: leap days come last.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    let month = MONTHS[month as usize];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    let short = &weekday[..3];
    match form {
        Form::ImfFixdate => format!("{short}, {day:02} {month} {year:04} {time} GMT"),
        Form::Rfc850 => {
            let year = year.rem_euclid(100);
            format!("{weekday}, {day:02}-{month}-{year:02} {time} GMT")
        }
        Form::Asctime => format!("{short} {month} {day:>2} {time} {year:04}"),
    }
}
