using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Ops.Testing.Kubernetes;

/// <summary>Amounts such as <c>500m</c>, <c>2Gi</c> or <c>1e3</c>: value and canonical form, as the API keeps them.</summary>
internal static partial class Quantity
{
    private static readonly (string Suffix, int Power)[] Binary = [("Ei", 60), ("Pi", 50), ("Ti", 40), ("Gi", 30), ("Mi", 20), ("Ki", 10), ("", 0)];
    private static readonly (string Suffix, int Power)[] Decimals = [("E", 18), ("P", 15), ("T", 12), ("G", 9), ("M", 6), ("k", 3), ("", 0), ("m", -3), ("u", -6), ("n", -9)];

    /// <summary>Whether the text is an amount.</summary>
    public static bool IsValid(string text) => Form().IsMatch(text);

    /// <summary>The amount in thousandths of the unit, rounded up.</summary>
    public static long Milli(string? text)
    {
        if (text is null || !IsValid(text))
        {
            return 0;
        }

        var nano = Nano(text);
        return (long)((nano + 999_999) / 1_000_000);
    }

    /// <summary>An amount of thousandths as the API writes it.</summary>
    public static string OfMilli(long milli) => Canonical($"{milli}m");

    /// <summary>The same amount as the API writes it.</summary>
    public static string Canonical(string text)
    {
        if (!IsValid(text) || Form().Match(text) is not { } match || match.Groups["exponent"].Success)
        {
            return text;
        }

        var nano = Nano(text);
        if (nano.IsZero)
        {
            return "0";
        }

        if (match.Groups["suffix"].Value.EndsWith('i') && nano % 1_000_000_000 == 0)
        {
            var whole = nano / 1_000_000_000;
            var (suffix, power) = Binary.First(b => whole % BigInteger.Pow(2, b.Power) == 0);
            return $"{whole / BigInteger.Pow(2, power)}{suffix}";
        }

        var (unit, tens) = Decimals.First(d => nano % BigInteger.Pow(10, d.Power + 9) == 0);
        return $"{nano / BigInteger.Pow(10, tens + 9)}{unit}";
    }

    private static BigInteger Nano(string text)
    {
        var match = Form().Match(text);
        var number = match.Groups["number"].Value;
        var point = number.IndexOf('.', StringComparison.Ordinal);
        var decimals = point < 0 ? 0 : number.Length - point - 1;
        var value = BigInteger.Parse(number.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var suffix = match.Groups["suffix"].Value;
        var power = 9 - decimals;
        if (match.Groups["exponent"].Success)
        {
            power += int.Parse(match.Groups["exponent"].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        }
        else if (suffix.EndsWith('i'))
        {
            value *= BigInteger.Pow(2, Binary.First(b => b.Suffix == suffix).Power);
        }
        else
        {
            power += Decimals.First(d => d.Suffix == suffix).Power;
        }

        return power >= 0 ? value * BigInteger.Pow(10, power) : value / BigInteger.Pow(10, -power);
    }

    [GeneratedRegex(@"^(?<number>[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+))((?<suffix>Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE](?<exponent>[+-]?[0-9]+))?$")]
    private static partial Regex Form();
}
