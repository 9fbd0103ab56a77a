using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What holds for all clusters: configuration section <c>Ops:Kubernetes</c>.</summary>
internal sealed class KubernetesOptions
{
    /// <summary>Where in the configuration these options are.</summary>
    public const string Section = "Ops:Kubernetes";

    /// <summary>Where pods reach this dashboard, such as <c>http://ops-dashboard.ops.svc:8080</c>. Needed for versions in stores that have no addresses of their own: the data folder and git.</summary>
    public string? DashboardUrl { get; set; }

    /// <summary>A file with the certificates (PEM) of the authorities that sign the certificate of <see cref="DashboardUrl"/>; pods then trust them besides the system's.</summary>
    public string? DashboardCaFile { get; set; }

    /// <summary>Whether a kubeconfig may say not to check a cluster's certificate, or name a server by http. Whoever is on the way then reads the token.</summary>
    public bool AllowInsecure { get; set; }

    /// <summary>Whether a kubeconfig may name a program that signs in. Administrators can then start any program as the dashboard.</summary>
    public bool AllowExecPlugins { get; set; }

    /// <summary>Kubeconfig files on this machine, joined as <c>KUBECONFIG</c> is: of what is there twice, the first counts. They may name files.</summary>
    public IList<string> Kubeconfig { get; set; } = [];

    /// <summary>How many requests a second go to one cluster in the long run.</summary>
    public int RequestsPerSecond { get; set; } = 50;

    /// <summary>How many requests may go at once before that.</summary>
    public int Burst { get; set; } = 100;

    /// <summary>How many pods a second are asked for figures through one cluster's API, and how many logs for how far a download is. Neither uses up what else may be sent.</summary>
    public int FiguresPerSecond { get; set; } = 25;

    /// <summary>How long a cluster may take to answer a request that is not a stream.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How many seconds the dashboard that acts on a cluster may be silent before another one may take over its Lease there.</summary>
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>How often changes of targets that another dashboard made are looked for.</summary>
    public TimeSpan RefreshEvery { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Checks them at the start.</summary>
internal sealed class ValidateKubernetesOptions : IValidateOptions<KubernetesOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, KubernetesOptions options)
    {
        List<string> failures = [];
        var url = options.DashboardUrl;
        Require(
            string.IsNullOrEmpty(url)
            || (Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0),
            $"{nameof(KubernetesOptions.DashboardUrl)} must be an http or https address without a query, such as http://ops-dashboard.ops.svc:8080.");
        Require(string.IsNullOrEmpty(options.DashboardCaFile) || IsCertificates(options.DashboardCaFile), $"{nameof(KubernetesOptions.DashboardCaFile)} must be the absolute path of a file of certificates in PEM.");
        foreach (var (path, index) in options.Kubeconfig.Select((path, index) => (path, index)))
        {
            Require(Path.IsPathFullyQualified(path ?? ""), $"{nameof(KubernetesOptions.Kubeconfig)}:{index} must be an absolute path.");
        }

        Require(options.RequestsPerSecond is >= 1 and <= 10_000, $"{nameof(KubernetesOptions.RequestsPerSecond)} must be from 1 to 10000.");
        Require(options.Burst >= options.RequestsPerSecond, $"{nameof(KubernetesOptions.Burst)} must not be below {nameof(KubernetesOptions.RequestsPerSecond)}.");
        Require(options.FiguresPerSecond is >= 1 and <= 10_000, $"{nameof(KubernetesOptions.FiguresPerSecond)} must be from 1 to 10000.");
        Require(options.LeaseSeconds is >= 3 and <= 600, $"{nameof(KubernetesOptions.LeaseSeconds)} must be from 3 to 600.");
        Require(options.RequestTimeout >= TimeSpan.FromSeconds(1), $"{nameof(KubernetesOptions.RequestTimeout)} must be at least one second.");
        Require(options.RefreshEvery >= TimeSpan.FromMilliseconds(100), $"{nameof(KubernetesOptions.RefreshEvery)} must be at least 100 milliseconds.");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                failures.Add($"{KubernetesOptions.Section}:{otherwise}");
            }
        }
    }

    private static bool IsCertificates(string path)
    {
        try
        {
            X509Certificate2Collection certificates = [];
            certificates.ImportFromPemFile(path);
            return Path.IsPathFullyQualified(path) && certificates.Count > 0;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
