using System.Text.Json;
using k8s.Models;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>A Secret of the target's namespace with which nodes sign in to registries. Only its name is kept here; what is in it stays in the cluster.</summary>
internal static class PullSecret
{
    /// <summary>How many a target may name.</summary>
    public const int Most = 8;

    private const string Type = "kubernetes.io/dockerconfigjson";
    private const string Key = ".dockerconfigjson";

    /// <summary>Looks for one, and for the registries it is for.</summary>
    public static async Task<ClusterCheck> CheckAsync(ClusterApi api, string space, string name, CancellationToken cancellation)
    {
        var check = $"Pull secret {name}";
        try
        {
            return await api.FindAsync<V1Secret>(space, name, cancellation) switch
            {
                null => new(check, false, $"There is no secret {name} in {space}. Make it with: kubectl create secret docker-registry {name} --namespace {space} --docker-server=... --docker-username=... --docker-password=..."),
                { Type: not Type } other => new(check, false, $"{name} is of the type {other.Type}, and nodes sign in to registries only with {Type}."),
                var found => Registries(found) is { Count: > 0 } registries
                    ? new(check, true, $"It is there, for {string.Join(", ", registries)}.")
                    : new(check, false, $"{name} names no registry under {Key}."),
            };
        }
        catch (ClusterException exception) when (exception.Problem == ClusterProblem.Forbidden)
        {
            return new(check, null, $"Whether {name} is there cannot be seen: the account may not read secrets.");
        }
    }

    private static List<string> Registries(V1Secret secret)
    {
        try
        {
            using var document = JsonDocument.Parse(secret.Data?[Key] ?? []);
            return [.. document.RootElement.GetProperty("auths").EnumerateObject().Select(a => a.Name)];
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [];
        }
    }
}
