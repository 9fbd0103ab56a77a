using YamlDotNet.Core;
using YamlDotNet.Serialization;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A context of a kubeconfig.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Server">The address of its cluster; empty when the file has none.</param>
/// <param name="Namespace">The namespace it means, or null.</param>
/// <param name="IsCurrent">Whether the file says to use it.</param>
public sealed record KubeconfigContext(string Name, string Server, string? Namespace, bool IsCurrent);

/// <summary>One cluster, user and namespace of a kubeconfig, as they are written there.</summary>
internal sealed record KubeconfigChoice(KubeconfigContext Context, KubeconfigCluster Cluster, KubeconfigUser User, string? Folder);

/// <summary>A kubeconfig, or several joined as kubectl joins them. Only reads: what of it may be used is up to <see cref="KubeconfigAccess"/>.</summary>
internal sealed class Kubeconfig
{
    private const int MaxLength = 1024 * 1024;
    private readonly Dictionary<string, (KubeconfigContextBody Body, string? Folder)> contexts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (KubeconfigCluster Body, string? Folder)> clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (KubeconfigUser Body, string? Folder)> users = new(StringComparer.Ordinal);
    private string? current;

    private Kubeconfig()
    {
    }

    /// <summary>All contexts, by name.</summary>
    public IReadOnlyList<KubeconfigContext> Contexts =>
        [.. contexts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => new KubeconfigContext(c.Key, Find(clusters, c.Value.Body.Cluster)?.Body.Server ?? "", Given(c.Value.Body.Namespace), c.Key == current))];

    /// <summary>Reads one from text, such as a browser sent.</summary>
    public static Result<Kubeconfig> Parse(string? text, string field = "kubeconfig") => Join([(text ?? "", null)], field);

    /// <summary>Joins several; of what is there twice the first counts.</summary>
    /// <param name="files">Texts, and the folders that paths in them start from; null where no paths may be.</param>
    /// <param name="field">The input it came from.</param>
    public static Result<Kubeconfig> Join(IEnumerable<(string Text, string? Folder)> files, string field = "kubeconfig")
    {
        var joined = new Kubeconfig();
        foreach (var (text, folder) in files)
        {
            if (text.Length > MaxLength)
            {
                return Failure.Invalid("A kubeconfig has at most 1 MiB.", field);
            }

            try
            {
                // Aliases could make a small text huge; a kubeconfig needs none.
                if (new DeserializerBuilder().IgnoreUnmatchedProperties().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<KubeconfigFile?>(new NoAliases(text)) is not { } file)
                {
                    continue;
                }

                joined.Add(file, folder);
            }
            catch (YamlException exception)
            {
                return Failure.Invalid($"This is no kubeconfig: line {exception.Start.Line} cannot be read as YAML.", field);
            }
        }

        return joined.contexts.Count > 0 ? Result.Of(joined) : Failure.Invalid("This kubeconfig has no contexts.", field);
    }

    /// <summary>Finds a context; empty means the one that the file says to use.</summary>
    public Result<KubeconfigChoice> Choose(string? name)
    {
        var wanted = string.IsNullOrEmpty(name) ? current : name;
        if (string.IsNullOrEmpty(wanted))
        {
            return Failure.Invalid("Choose a context: the kubeconfig does not say which is the current one.", "context");
        }

        if (Contexts.FirstOrDefault(c => c.Name == wanted) is not { } context)
        {
            return Failure.Invalid("The kubeconfig has no such context.", "context");
        }

        var (body, _) = contexts[wanted];
        return Find(clusters, body.Cluster) is not { } cluster ? Failure.Invalid("The context names a cluster that is not in the kubeconfig.", "context")
            : Find(users, body.User) is not { } user ? Failure.Invalid("The context names a user that is not in the kubeconfig.", "context")
            : cluster.Folder != user.Folder ? Result.Of(new KubeconfigChoice(context, cluster.Body with { CertificateAuthority = Full(cluster.Body.CertificateAuthority, cluster.Folder) }, user.Body, user.Folder))
            : Result.Of(new KubeconfigChoice(context, cluster.Body, user.Body, user.Folder));
    }

    /// <summary>A path as it is written in a kubeconfig of a folder.</summary>
    internal static string? Full(string? path, string? folder) => string.IsNullOrEmpty(path) || folder is null ? path : Path.GetFullPath(path, folder);

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static (T Body, string? Folder)? Find<T>(Dictionary<string, (T Body, string? Folder)> all, string? name) =>
        name is not null && all.TryGetValue(name, out var found) ? found : null;

    private void Add(KubeconfigFile file, string? folder)
    {
        current = Given(current) ?? Given(file.CurrentContext);
        foreach (var one in file.Contexts ?? [])
        {
            contexts.TryAdd(one.Name ?? "", (one.Context ?? new(), folder));
        }

        foreach (var one in file.Clusters ?? [])
        {
            clusters.TryAdd(one.Name ?? "", (one.Cluster ?? new(), folder));
        }

        foreach (var one in file.Users ?? [])
        {
            users.TryAdd(one.Name ?? "", (one.User ?? new(), folder));
        }
    }

    private sealed class NoAliases(string text) : IParser
    {
        private readonly Parser inner = new(new StringReader(text));

        public YamlDotNet.Core.Events.ParsingEvent? Current => inner.Current;

        public bool MoveNext()
        {
            var moved = inner.MoveNext();
            return inner.Current is YamlDotNet.Core.Events.AnchorAlias alias ? throw new YamlException(alias.Start, alias.End, "An alias.") : moved;
        }
    }
}
