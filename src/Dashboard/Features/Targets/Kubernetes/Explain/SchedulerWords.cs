using System.Text.RegularExpressions;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Explain;

/// <summary>Reads the scheduler's message, such as <c>0/5 nodes are available: 3 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {a: b}. preemption: ...</c>.</summary>
internal static partial class SchedulerWords
{
    /// <summary>Explains why no node takes a pod.</summary>
    public static string Explain(string? message)
    {
        if (message is null || Available().Match(message) is not { Success: true } match)
        {
            return $"No node takes it: {ContainerWords.Sentence(message)}";
        }

        var total = match.Groups["total"].Value;
        if (total == "0")
        {
            return "No node takes it: the cluster has none that can be used.";
        }

        // What follows the first sentence is about making room by ending others, which says the same once more.
        var rest = message[(match.Index + match.Length)..];
        var end = rest.IndexOf(". preemption:", StringComparison.Ordinal);
        var parts = Parts(end < 0 ? rest : rest[..end]).Select(Part).ToList();
        return parts.Count == 0 ? $"None of {Nodes(total)} takes it." : $"None of {Nodes(total)} takes it: {string.Join("; ", parts)}.";
    }

    // Taints have commas and braces of their own.
    private static IEnumerable<string> Parts(string text)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i].Trim(' ', '.', ':');
                start = i + 1;
            }
        }

        if (text[start..].Trim(' ', '.', ':') is { Length: > 0 } last)
        {
            yield return last;
        }
    }

    private static string Part(string text)
    {
        var counted = Counted().Match(text);
        if (!counted.Success)
        {
            return text;
        }

        var (count, why) = (counted.Groups["count"].Value, counted.Groups["why"].Value);
        var (one, verb) = (count == "1", count == "1" ? "has" : "have");
        if (why.StartsWith("Insufficient ", StringComparison.Ordinal))
        {
            return $"{count} {verb} too little {Resource(why["Insufficient ".Length..])} left";
        }

        if (why == "Too many pods")
        {
            return $"{count} {verb} as many pods as {(one ? "it" : "they")} may";
        }

        var says = why.StartsWith("node(s) ", StringComparison.Ordinal) ? why["node(s) ".Length..] : why;
        return says switch
        {
            _ when Taint().Match(says) is { Success: true } taint => $"{count} keep{(one ? "s" : "")} others away by the taint {taint.Groups["taint"].Value.Replace(": ", "=", StringComparison.Ordinal).TrimEnd(' ', '=', ':')}",
            "were unschedulable" => $"{count} {(one ? "is" : "are")} cordoned",
            "were not ready" or "had condition: NotReady" => $"{count} {(one ? "is" : "are")} not ready",
            "didn't match Pod's node affinity/selector" or "didn't match node selector" or "didn't match Pod's node affinity" or "didn't satisfy plugin(s) [NodeAffinity]" => $"{count} {(one ? "is" : "are")} not among the chosen nodes or {(one ? "lacks" : "lack")} a chosen label",
            "didn't have free ports for the requested pod ports" => $"{count} {verb} the port taken",
            "didn't match pod topology spread constraints" => $"{count} would make the spread uneven",
            "exceed max volume count" => $"{count} {verb} as many volumes as {(one ? "it" : "they")} may",
            _ => $"{count}: {says}",
        };
    }

    private static string Resource(string name) => name switch
    {
        "cpu" => "CPU",
        "ephemeral-storage" => "disk",
        _ => name,
    };

    private static string Nodes(string total) => total == "1" ? "the 1 node" : $"the {total} nodes";

    [GeneratedRegex(@"\A0/(?<total>[0-9]+) nodes are available[:.]?")]
    private static partial Regex Available();

    [GeneratedRegex(@"\A(?<count>[0-9]+) (?<why>.+)\z")]
    private static partial Regex Counted();

    [GeneratedRegex(@"\Ahad (untolerated )?taint(\(s\))? \{(?<taint>[^}]*)\}")]
    private static partial Regex Taint();
}
