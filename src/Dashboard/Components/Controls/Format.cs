using System.Globalization;

namespace Ops.Dashboard.Components.Controls;

/// <summary>Quantities as people read them. Every number that is shown goes through here, so that the same thing looks the same everywhere.</summary>
public static class Format
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    private static readonly string[] CountUnits = ["", " k", " M", " G", " T"];

    /// <summary>A size in binary units with about three digits: 512 B, 1.5 KiB, 24.3 MiB, 2 GiB.</summary>
    public static string Bytes(double bytes)
    {
        var (scaled, unit) = Scale(bytes, 1024, ByteUnits.Length);
        return $"{Digits(scaled, unit == 0 ? 0 : 1)} {ByteUnits[unit]}";
    }

    /// <summary>A count: whole below ten thousand (9,876), then 12.3 k, 4.56 M.</summary>
    public static string Count(double count)
    {
        if (Math.Abs(count) < 10_000)
        {
            return count.ToString(Math.Abs(count) >= 100 || count == Math.Floor(count) ? "#,0" : "0.##", CultureInfo.InvariantCulture);
        }

        var (scaled, unit) = Scale(count, 1000, CountUnits.Length);
        return $"{Digits(scaled, scaled < 10 ? 2 : 1)}{CountUnits[unit]}";
    }

    /// <summary>Something per second: 0.2/s, 12.5/s, 1.23 k/s.</summary>
    public static string PerSecond(double rate) => $"{Count(rate)}/s";

    /// <summary>A share between 0 and 1 as per cent: 0.02 %, 4.5 %, 100 %.</summary>
    public static string Percent(double share)
    {
        var percent = share * 100;
        var digits = Math.Abs(percent) switch { 0 => 0, < 1 => 2, < 10 => 1, _ => percent == Math.Floor(percent) ? 0 : 1 };
        return $"{Digits(percent, digits)} %";
    }

    /// <summary>A length of time with at most two units: 850 µs, 12.4 ms, 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h.</summary>
    public static string Duration(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
        {
            return "-" + Duration(duration.Negate());
        }

        var seconds = duration.TotalSeconds;
        return seconds switch
        {
            0 => "0 s",
            < 0.000_999_5 => $"{Digits(duration.TotalMicroseconds, 0)} µs",
            < 0.099_95 => $"{Digits(duration.TotalMilliseconds, 1)} ms",
            < 0.999_5 => $"{Digits(duration.TotalMilliseconds, 0)} ms",
            < 9.95 => $"{Digits(seconds, 1)} s",
            < 59.5 => $"{Digits(seconds, 0)} s",
            _ => Long(TimeSpan.FromSeconds(Math.Round(seconds))),
        };
    }

    /// <summary>A time seen from now: just now, 12 s ago, 3 min ago, 2 h ago, 5 d ago, in 4 min; the date beyond sixty days.</summary>
    public static string Relative(DateTimeOffset then, DateTimeOffset now)
    {
        var distance = now - then;
        var size = distance.Duration();
        if (size < TimeSpan.FromSeconds(5))
        {
            return "just now";
        }

        if (size >= TimeSpan.FromDays(60))
        {
            return then.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }

        var amount = size switch
        {
            { TotalSeconds: < 60 } => $"{(int)size.TotalSeconds} s",
            { TotalMinutes: < 60 } => $"{(int)size.TotalMinutes} min",
            { TotalHours: < 24 } => $"{(int)size.TotalHours} h",
            _ => $"{(int)size.TotalDays} d",
        };
        return distance > TimeSpan.Zero ? $"{amount} ago" : $"in {amount}";
    }

    /// <summary>A time to the second in UTC: 2026-11-22 08:47:03 UTC.</summary>
    public static string Absolute(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>The first characters of a hash, without the name of its algorithm: sha256:9f86d0… keeps twelve characters.</summary>
    public static string ShortHash(string hash, int length = 12)
    {
        ArgumentNullException.ThrowIfNull(hash);
        var digits = hash[(hash.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return digits.Length <= length ? digits : digits[..length];
    }

    private static string Long(TimeSpan duration)
    {
        var (large, largeUnit, small, smallUnit) = duration switch
        {
            { TotalHours: < 1 } => (duration.Minutes, "min", duration.Seconds, "s"),
            { TotalDays: < 1 } => (duration.Hours, "h", duration.Minutes, "min"),
            _ => ((int)duration.TotalDays, "d", duration.Hours, "h"),
        };
        return small == 0 ? $"{large} {largeUnit}" : $"{large} {largeUnit} {small} {smallUnit}";
    }

    // Rounding may carry into the next unit (1023.99 KiB is 1 MiB), so the comparison is made on the rounded value.
    private static (double Scaled, int Unit) Scale(double value, double step, int units)
    {
        var unit = 0;
        while (Math.Round(Math.Abs(value), 1) >= step && unit < units - 1)
        {
            value /= step;
            unit++;
        }

        return (value, unit);
    }

    private static string Digits(double value, int digits) =>
        Math.Round(value, digits, MidpointRounding.AwayFromZero).ToString(digits == 0 ? "0" : "0." + new string('#', digits), CultureInfo.InvariantCulture);
}
