using System.Security.Cryptography;
using System.Text;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Objects;

/// <summary>The names of objects, which follow from the endpoint and the plan alone, so that every pass finds what an earlier one made.</summary>
internal static class ObjectNames
{
    /// <summary>The longest name of a Service (RFC 1035 label).</summary>
    public const int MaxLength = 63;

    private const int HashLength = 8;

    /// <summary>The name of what belongs to the endpoint as a whole.</summary>
    public static string Of(EndpointRef endpoint) => Fit(endpoint.Name, MaxLength);

    /// <summary>The name of what belongs to one revision: the endpoint's name and the start of the plan's hash.</summary>
    public static string Of(EndpointRef endpoint, RevisionSpec revision) => Of(endpoint, revision.PlanHash);

    /// <summary>The name of what belongs to the revision of a plan with that hash.</summary>
    public static string Of(EndpointRef endpoint, string planHash) => $"{Fit(endpoint.Name, MaxLength - HashLength - 1)}-{planHash[..HashLength].ToLowerInvariant()}";

    /// <summary>The name of the Secret with addresses of the revision's files.</summary>
    public static string FetchSecret(EndpointRef endpoint, RevisionSpec revision) => $"{Of(endpoint, revision)}-fetch";

    // Services must begin with a letter although endpoints need not. What had to be changed gets a hash, so that two endpoints never share a name.
    private static string Fit(string name, int length)
    {
        if (name.Length <= length && char.IsAsciiLetterLower(name[0]))
        {
            return name;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashLength];
        var start = char.IsAsciiLetterLower(name[0]) ? name : $"e-{name}";
        return $"{start[..Math.Min(start.Length, length - HashLength - 1)].TrimEnd('-')}-{hash}";
    }
}
