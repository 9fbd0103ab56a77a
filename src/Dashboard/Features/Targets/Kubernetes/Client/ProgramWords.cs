using System.Text.RegularExpressions;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>What a program that signs in complains of, as far as it may be shown. Pure.</summary>
internal static partial class ProgramWords
{
    private const int MostShown = 300;
    private const int LeastSecret = 4;
    private const string Hidden = "***";

    /// <summary>The end of what it wrote, as a part of a sentence; empty when it wrote nothing. What it was given in secret, and whatever looks like a token, is hidden.</summary>
    public static string Of(string complaint, KubeconfigExec exec)
    {
        var text = Line(complaint);
        foreach (var secret in exec.Env.Select(e => e.Value).Concat(Secrets(exec.Args)).Where(s => s.Length >= LeastSecret).OrderByDescending(s => s.Length))
        {
            text = text.Replace(secret, Hidden, StringComparison.Ordinal);
        }

        text = Token().Replace(text, Hidden).Trim().TrimEnd('.');
        return text.Length == 0 ? "" : $" and wrote: {(text.Length > MostShown ? $"... {text[^MostShown..]}" : text)}";
    }

    /// <summary>Text on one line.</summary>
    public static string Line(string text) => Space().Replace(new string([.. text.Select(c => char.IsControl(c) ? ' ' : c)]), " ").Trim();

    // Of --client-secret=x and --client-secret x the x.
    private static IEnumerable<string> Secrets(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i].StartsWith('-') && SecretName().IsMatch(args[i].Split('=')[0]))
            {
                yield return args[i].Split('=', 2) is [_, var value] ? value : i + 1 < args.Count ? args[i + 1] : "";
            }
        }
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    [GeneratedRegex("secret|password|token|key|credential", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*|[A-Za-z0-9_\-+=]{32,}")]
    private static partial Regex Token();
}
