using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Reads what a kubeconfig says of a program that signs in, as kubectl does. Pure.</summary>
internal static class KubeconfigProgram
{
    private const string Newest = "client.authentication.k8s.io/v1";
    private const string Extension = "client.authentication.k8s.io/exec";
    private static readonly string[] Versions = [Newest, "client.authentication.k8s.io/v1beta1"];

    /// <summary>Why it may not be run, or null.</summary>
    /// <param name="exec">What the kubeconfig says.</param>
    /// <param name="hasFolder">Whether the kubeconfig is a file of this machine.</param>
    public static string? Refusal(KubeconfigExecBody exec, bool hasFolder) =>
        string.IsNullOrEmpty(exec.Command) ? "The kubeconfig's exec names no command."
        : exec.InteractiveMode == "Always" ? $"The program {exec.Command} asks somebody at a terminal (interactiveMode: Always), and nobody is at one here. Use the token of a service account."
        : exec.InteractiveMode is not (null or "" or "Never" or "IfAvailable") ? "The kubeconfig's exec has an interactiveMode that is neither Never, IfAvailable nor Always."
        : !string.IsNullOrEmpty(exec.ApiVersion) && !Versions.Contains(exec.ApiVersion, StringComparer.Ordinal) ? $"The kubeconfig's exec has an apiVersion that Kubernetes has given up. Known are {string.Join(" and ", Versions)}."
        : !hasFolder && IsRelative(exec.Command) ? $"The kubeconfig names the program {exec.Command} by a path from its own folder, which this dashboard does not have. Give the whole path."
        : null;

    /// <summary>The program of a choice that has one.</summary>
    /// <param name="choice">Cluster and user.</param>
    /// <param name="authorities">The cluster's authorities as PEM, or null.</param>
    public static KubeconfigExec Of(KubeconfigChoice choice, string? authorities)
    {
        var exec = choice.User.Exec!;
        return new(
            string.IsNullOrEmpty(exec.ApiVersion) ? Newest : exec.ApiVersion,
            IsRelative(exec.Command!) ? Kubeconfig.Full(exec.Command, choice.Folder)! : exec.Command!,
            exec.Args ?? [],
            [.. (exec.Env ?? []).Select(e => (e.GetValueOrDefault("name", ""), e.GetValueOrDefault("value", ""))).Where(e => e.Item1.Length > 0)])
        {
            InstallHint = exec.InstallHint,
            Cluster = exec.ProvideClusterInfo ? Cluster(choice.Cluster, authorities) : null,
        };
    }

    // A name alone is looked for in PATH; with a folder in it, it is a path from the kubeconfig.
    private static bool IsRelative(string command) => command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) && !Path.IsPathFullyQualified(command);

    private static JsonObject Cluster(KubeconfigCluster cluster, string? authorities)
    {
        var told = new JsonObject { ["server"] = cluster.Server };
        Add("tls-server-name", cluster.ServerName);
        Add("certificate-authority-data", authorities is null ? null : Convert.ToBase64String(Encoding.UTF8.GetBytes(authorities)));
        Add("proxy-url", cluster.Proxy);
        if (cluster.Insecure)
        {
            told["insecure-skip-tls-verify"] = true;
        }

        if (cluster.Extensions?.FirstOrDefault(e => e.Name == Extension)?.Extension is { } config)
        {
            told["config"] = Json(config);
        }

        return told;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                told[name] = value;
            }
        }
    }

    private static JsonNode? Json(object? value) => value switch
    {
        null => null,
        IDictionary<object, object> map => new JsonObject(map.Select(p => KeyValuePair.Create(p.Key.ToString() ?? "", Json(p.Value)))),
        IEnumerable<object> list => new JsonArray([.. list.Select(Json)]),
        string text => JsonValue.Create(text),
        _ => System.Text.Json.JsonSerializer.SerializeToNode(value),
    };
}
