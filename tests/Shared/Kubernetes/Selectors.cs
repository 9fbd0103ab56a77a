using System.Text.Json.Nodes;

namespace Ops.Testing.Kubernetes;

/// <summary>A label selector, from a query or from an object.</summary>
internal sealed class Selectors
{
    private readonly List<Func<JsonObject?, bool>> requirements = [];

    /// <summary>Whether labels meet every requirement.</summary>
    public bool Matches(JsonObject? labels) => requirements.TrueForAll(r => r(labels));

    /// <summary>Reads <c>a=b,c!=d,e in (f,g),h,!i</c>.</summary>
    /// <returns>The selector, or null when it cannot be read.</returns>
    public static Selectors? ParseQuery(string? text)
    {
        var selector = new Selectors();
        foreach (var part in Split(text ?? ""))
        {
            if (part.EndsWith(')'))
            {
                var words = part[..part.IndexOf('(', StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var values = part[(part.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(',').Select(v => v.Trim()).ToArray();
                if (words is not [var key, "in" or "notin"])
                {
                    return null;
                }

                selector.Add(key, words[1] == "in" ? "In" : "NotIn", values);
            }
            else if (part.Split("!=") is [var unlike, var no])
            {
                selector.Add(unlike.Trim(), "NotIn", [no.Trim()]);
            }
            else if (part.Replace("==", "=", StringComparison.Ordinal).Split('=') is [var like, var yes])
            {
                selector.Add(like.Trim(), "In", [yes.Trim()]);
            }
            else if (part.Contains('=', StringComparison.Ordinal) || part.Contains(' ', StringComparison.Ordinal))
            {
                return null;
            }
            else
            {
                selector.Add(part.TrimStart('!'), part[0] == '!' ? "DoesNotExist" : "Exists", []);
            }
        }

        return selector;
    }

    /// <summary>Reads <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
    public static Selectors ParseObject(JsonObject? given)
    {
        var selector = new Selectors();
        foreach (var (key, value) in given?.Object("matchLabels") ?? [])
        {
            selector.Add(key, "In", [value.Text() ?? ""]);
        }

        foreach (var expression in given.Items("matchExpressions"))
        {
            selector.Add(expression.Text("key") ?? "", expression.Text("operator") ?? "", [.. (expression["values"] as JsonArray ?? []).Select(v => v.Text() ?? "")]);
        }

        return selector;
    }

    /// <summary>Reads a plain map, as services have it.</summary>
    public static Selectors ParseMap(JsonObject? map) => ParseObject(new JsonObject { ["matchLabels"] = map?.DeepClone() });

    /// <summary>Whether an object meets a field selector such as <c>metadata.name=a,spec.nodeName!=b</c>.</summary>
    /// <returns>Null when a field cannot be selected by.</returns>
    public static bool? MatchesFields(ResourceKind kind, string? text, JsonObject target)
    {
        foreach (var part in Split(text ?? ""))
        {
            var unlike = part.Contains("!=", StringComparison.Ordinal);
            var sides = part.Split(unlike ? "!=" : "=", 2);
            var field = sides[0].Trim();
            if (!IsSelectable(kind, field))
            {
                return null;
            }

            var actual = target.Text(field.Split('.')) ?? "";
            if (actual == sides[^1].TrimStart('=').Trim() == unlike)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSelectable(ResourceKind kind, string field) => field is "metadata.name" or "metadata.namespace" || kind.Kind switch
    {
        "Pod" => field is "spec.nodeName" or "spec.restartPolicy" or "spec.schedulerName" or "spec.serviceAccountName" or "status.phase" or "status.podIP",
        "Event" => field.StartsWith("involvedObject.", StringComparison.Ordinal) || field is "reason" or "type" or "reportingComponent" or "source",
        "Node" => field is "spec.unschedulable",
        "Namespace" => field is "status.phase",
        "ReplicaSet" => field is "status.replicas",
        "Secret" => field is "type",
        _ => false,
    };

    private void Add(string key, string op, string[] values) => requirements.Add(labels =>
    {
        var value = labels is not null && labels.ContainsKey(key) ? labels.Text(key) : null;
        return op switch
        {
            "In" => value is not null && values.Contains(value),
            "NotIn" => value is null || !values.Contains(value),
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            "Gt" => long.TryParse(value, out var number) && number > long.Parse(values[0]),
            "Lt" => long.TryParse(value, out var number) && number < long.Parse(values[0]),
            _ => false,
        };
    });

    private static IEnumerable<string> Split(string text)
    {
        var depth = 0;
        var start = 0;
        for (var at = 0; at <= text.Length; at++)
        {
            if (at == text.Length || (text[at] == ',' && depth == 0))
            {
                if (text[start..at].Trim() is { Length: > 0 } part)
                {
                    yield return part;
                }

                start = at + 1;
            }
            else
            {
                depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
            }
        }
    }
}
