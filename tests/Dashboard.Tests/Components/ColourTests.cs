using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Ops.Dashboard.Tests.Components;

/// <summary>Measures the contrast of the colour pairs that text is written with, in both themes (WCAG 2.2, relative luminance).</summary>
public sealed partial class ColourTests
{
    private static readonly Dictionary<string, (string Light, string Dark)> Tokens = Read();

    [Theory]
    [InlineData("text", "canvas")]
    [InlineData("text", "surface")]
    [InlineData("text", "raised")]
    [InlineData("text", "hover")]
    [InlineData("text", "selected")]
    [InlineData("text-muted", "canvas")]
    [InlineData("text-muted", "surface")]
    [InlineData("text-muted", "raised")]
    [InlineData("text-muted", "hover")]
    [InlineData("text-muted", "selected")]
    [InlineData("text-faint", "surface")]
    [InlineData("on-primary", "primary")]
    [InlineData("on-primary", "primary-hover")]
    [InlineData("on-critical", "critical")]
    [InlineData("ok", "ok-soft")]
    [InlineData("warning", "warning-soft")]
    [InlineData("critical", "critical-soft")]
    [InlineData("info", "info-soft")]
    [InlineData("neutral", "neutral-soft")]
    [InlineData("ok", "hover")]
    [InlineData("warning", "hover")]
    [InlineData("critical", "hover")]
    [InlineData("info", "hover")]
    [InlineData("neutral", "hover")]
    public void Text_OnItsBackground_HasEnoughContrast(string text, string background)
    {
        Assert.InRange(Contrast(Tokens[text].Light, Tokens[background].Light), 4.5, 21);
        Assert.InRange(Contrast(Tokens[text].Dark, Tokens[background].Dark), 4.5, 21);
    }

    [Theory]
    [InlineData("focus", "surface")]
    [InlineData("focus", "canvas")]
    [InlineData("control-line", "surface")]
    public void Edge_OnItsBackground_HasEnoughContrast(string edge, string background)
    {
        Assert.InRange(Contrast(Tokens[edge].Light, Tokens[background].Light), 3, 21);
        Assert.InRange(Contrast(Tokens[edge].Dark, Tokens[background].Dark), 3, 21);
    }

    private static Dictionary<string, (string Light, string Dark)> Read([CallerFilePath] string here = "")
    {
        var css = File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Dashboard/wwwroot/css/tokens.css"));
        return Pair().Matches(css).ToDictionary(match => match.Groups[1].Value, match => (match.Groups[2].Value, match.Groups[3].Value));
    }

    private static double Contrast(string one, string other)
    {
        var (high, low) = (Math.Max(Luminance(one), Luminance(other)), Math.Min(Luminance(one), Luminance(other)));
        return (high + 0.05) / (low + 0.05);
    }

    private static double Luminance(string colour)
    {
        var channels = Enumerable.Range(0, 3)
            .Select(index => int.Parse(colour.AsSpan(1 + (index * 2), 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0)
            .Select(value => value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4))
            .ToArray();
        return (0.2126 * channels[0]) + (0.7152 * channels[1]) + (0.0722 * channels[2]);
    }

    [GeneratedRegex(@"--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")]
    private static partial Regex Pair();
}
