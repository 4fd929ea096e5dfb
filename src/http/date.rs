//! HTTP dates (RFC 9110 §5.6.7): exactly the three forms, without regard to letter case. Nothing else is a date.

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
const DAY: i64 = 86_400_000;

/// Milliseconds since the Unix epoch of a date; `None` for what is none. `now` settles which century two digits
/// of a year mean.
pub fn parse(value: &[u8], now: i64) -> Option<i64> {
    // The longest form with the longest weekday.
    const MOST_BYTES: usize = 33;
    if value.len() > MOST_BYTES || !value.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?.to_ascii_lowercase();
    match text.split_once(", ") {
        Some((weekday, rest)) if weekday.len() == 3 => {
            is_short_weekday(weekday).then(|| imf_fixdate(rest))?
        }
        Some((weekday, rest)) => WEEKDAYS.contains(&weekday).then(|| rfc850(rest, now))?,
        None => asctime(&text),
    }
}

/// The date of an instant, in the form that is sent (IMF-fixdate), which has room for the years 1970 to 9999.
pub fn format(instant: i64) -> String {
    const LAST: i64 = 253_402_300_799_999;
    let since = std::time::Duration::from_millis(instant.clamp(0, LAST).unsigned_abs());
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + since)
}

/// `06 nov 1994 08:49:37 gmt`
fn imf_fixdate(rest: &str) -> Option<i64> {
    let mut parts = rest.split(' ');
    let date = (parts.next()?, parts.next()?, parts.next()?);
    let time = time_of_day(parts.next()?)?;
    let ends = parts.next() == Some("gmt") && parts.next().is_none();
    let day = days(digits(date.2, 4)?, month(date.1)?, digits(date.0, 2)?)?;
    ends.then_some(day * DAY + time)
}

/// `06-nov-94 08:49:37 gmt`
fn rfc850(rest: &str, now: i64) -> Option<i64> {
    let mut parts = rest.split(' ');
    let mut date = parts.next()?.split('-');
    let (day, name, year) = (date.next()?, date.next()?, date.next()?);
    let time = time_of_day(parts.next()?)?;
    let ends = date.next().is_none() && parts.next() == Some("gmt") && parts.next().is_none();
    let (year, month, day) = (digits(year, 2)?, month(name)?, digits(day, 2)?);
    let at = |year| Some(days(year, month, day)? * DAY + time);
    let in_this_century = at(2000 + year)?;
    // What seems to lie more than 50 years ahead is the most recent year with these digits.
    const FIFTY_YEARS: i64 = 18_262 * DAY;
    let is_ahead = in_this_century.saturating_sub(now) > FIFTY_YEARS;
    let instant = if is_ahead {
        at(1900 + year)
    } else {
        Some(in_this_century)
    };
    instant.filter(|_| ends)
}

/// `sun nov  6 08:49:37 1994`
fn asctime(text: &str) -> Option<i64> {
    let (weekday, rest) = text.split_at_checked(3)?;
    let (name, rest) = rest.strip_prefix(' ')?.split_at_checked(3)?;
    let (day, rest) = rest.strip_prefix(' ')?.split_at_checked(2)?;
    let (time, year) = rest.strip_prefix(' ')?.split_once(' ')?;
    let day = match day.strip_prefix(' ') {
        Some(single) => digits(single, 1)?,
        None => digits(day, 2)?,
    };
    let day = days(digits(year, 4)?, month(name)?, day)?;
    let instant = day * DAY + time_of_day(time)?;
    is_short_weekday(weekday).then_some(instant)
}

fn is_short_weekday(weekday: &str) -> bool {
    WEEKDAYS.iter().any(|name| name.get(..3) == Some(weekday))
}

fn month(name: &str) -> Option<i64> {
    MONTHS
        .iter()
        .zip(1..)
        .find(|(month, _)| **month == name)
        .map(|(_, number)| number)
}

/// `08:49:37`; the 60th second is a leap second.
fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let second = digits(parts.next()?, 2).filter(|second| *second <= 60)?;
    parts
        .next()
        .is_none()
        .then_some(((hour * 60 + minute) * 60 + second) * 1000)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let are_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| text.parse().ok())?
}

/// Days between the Unix epoch and a date of the Gregorian calendar; `None` for a day the month has not.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years begin in March here, so that the leap day is the last one.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let in_year = (153 * month + 2) / 5 + day - 1;
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    const EPOCH: i64 = 719_468;
    Some(before + in_year - EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-24
    const NOW: i64 = 1_795_478_400_000;

    fn at(text: &str) -> Option<i64> {
        parse(text.as_bytes(), NOW)
    }

    #[test]
    fn the_three_forms_are_one_instant() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "SUN, 06 nov 1994 08:49:37 gMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(at(text), Some(784_111_777_000), "{text}");
        }
    }

    #[test]
    fn far_and_near_years() {
        assert_eq!(at("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(
            at("Tue, 19 Jan 2038 03:14:08 GMT"),
            Some(1 << 31).map(|s: i64| s * 1000)
        );
        assert_eq!(
            at("Sun, 21 Nov 2286 04:46:39 GMT"),
            Some(10_000_039_599_000)
        );
        assert_eq!(
            at("Mon, 01 Jan 0001 00:00:00 GMT"),
            Some(-62_135_596_800_000)
        );
        assert_eq!(
            at("Fri, 31 Dec 9999 23:59:59 GMT"),
            Some(253_402_300_799_000)
        );
        assert_eq!(at("Tue, 29 Feb 2028 00:00:00 GMT"), Some(1_835_395_200_000));
        assert_eq!(
            at("Sat, 31 Dec 2016 23:59:60 GMT"),
            at("Sun, 01 Jan 2017 00:00:00 GMT")
        );
    }

    #[test]
    fn two_digits_are_at_most_fifty_years_ahead() {
        let year = |digits: &str| at(&format!("Monday, 01-Jan-{digits} 00:00:00 GMT"));
        assert_eq!(year("76"), at("Wed, 01 Jan 2076 00:00:00 GMT"));
        assert_eq!(year("77"), at("Sat, 01 Jan 1977 00:00:00 GMT"));
        assert_eq!(year("50"), at("Sat, 01 Jan 2050 00:00:00 GMT"));
        assert_eq!(year("99"), at("Fri, 01 Jan 1999 00:00:00 GMT"));
    }

    #[test]
    fn nothing_else_is_a_date() {
        for text in [
            "",
            "0",
            "-1",
            "784111777",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 2050 02:01:18 AEST",
            "Thu, 18 Aug 2050 02:01:18",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 8 Aug 2050 02:01:18 GMT",
            "Thu, 00 Aug 2050 02:01:18 GMT",
            "Thu, 31 Sep 2050 02:01:18 GMT",
            "Thu, 29 Feb 2050 02:01:18 GMT",
            "Thu, 18 Foo 2050 02:01:18 GMT",
            "Thx, 18 Aug 2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 24:01:18 GMT",
            "Thu, 18 Aug 2050 02:60:18 GMT",
            "Thu, 18 Aug 2050 02:01:61 GMT",
            "Thu, 18 Aug 2050 02:01:18 GMT ",
            "Thu, 18 Aug +050 02:01:18 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:37 1994 GMT",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn an_instant_that_has_no_date_is_written_as_the_nearest() {
        assert_eq!(format(-1), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(format(i64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(format(i64::MIN), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    proptest! {
        #[test]
        fn every_second_that_is_written_is_read(second in 0i64..253_402_300_800) {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(second as u64);
            prop_assert_eq!(at(&httpdate::fmt_http_date(time)), Some(second * 1000));
        }

        #[test]
        fn any_bytes_are_a_date_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&bytes, NOW);
        }
    }
}
