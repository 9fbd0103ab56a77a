using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>The cluster that the dashboard itself runs in, through the account of its own pod.</summary>
internal sealed class InClusterAccess(TimeProvider time)
{
    /// <summary>Where pods find their account.</summary>
    public string Folder { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>The address of the API, as a cluster tells its pods; null outside.</summary>
    public (string? Host, string? Port) Address { get; init; } = (Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"), Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT"));

    /// <summary>Whether the dashboard runs in a cluster.</summary>
    public bool IsInside => Address is { Host.Length: > 0, Port.Length: > 0 } && File.Exists(Path.Combine(Folder, "token"));

    /// <summary>The namespace of the dashboard's own pod, or null.</summary>
    public string? Namespace => IsInside && File.Exists(Path.Combine(Folder, "namespace")) ? File.ReadAllText(Path.Combine(Folder, "namespace")).Trim() : null;

    /// <summary>Makes the access.</summary>
    public Result<ClusterAccess> Make()
    {
        if (!IsInside)
        {
            return Failure.Invalid("The dashboard does not run in a cluster, or its pod has no service account token. Give a kubeconfig instead.", "inCluster");
        }

        try
        {
            X509Certificate2Collection authorities = [];
            var pem = File.ReadAllText(Path.Combine(Folder, "ca.crt"));
            authorities.ImportFromPem(pem);
            if (authorities.Count == 0)
            {
                return Failure.Invalid($"There is no certificate in {Path.Combine(Folder, "ca.crt")}, so the cluster cannot be told from another.", "inCluster");
            }

            var host = Address.Host!.Contains(':', StringComparison.Ordinal) ? $"[{Address.Host}]" : Address.Host;
            return new ClusterAccess
            {
                Server = new($"https://{host}:{Address.Port}"),
                Authorities = authorities,
                Token = new FileToken(Path.Combine(Folder, "token"), time),
                Mark = ClusterAccess.MarkOf(host, Address.Port, pem),
            };
        }
        catch (Exception exception) when (exception is IOException or CryptographicException or UnauthorizedAccessException or UriFormatException)
        {
            return Failure.Invalid("The account of the dashboard's own pod cannot be read.", "inCluster");
        }
    }
}
