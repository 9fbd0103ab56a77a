using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Targets.Kubernetes;

/// <summary>What holds for all clusters: configuration section <c>Ops:Kubernetes</c>.</summary>
internal sealed class KubernetesOptions
{
    /// <summary>Where in the configuration these options are.</summary>
    public const string Section = "Ops:Kubernetes";

    /// <summary>Where pods reach this dashboard, such as <c>http://ops-dashboard.ops.svc</c>. Needed for versions in stores that have no addresses of their own: the data folder and git.</summary>
    public string? DashboardUrl { get; set; }
}

/// <summary>Checks them at the start.</summary>
internal sealed class ValidateKubernetesOptions : IValidateOptions<KubernetesOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, KubernetesOptions options) =>
        string.IsNullOrEmpty(options.DashboardUrl)
        || (Uri.TryCreate(options.DashboardUrl, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"{KubernetesOptions.Section}:{nameof(KubernetesOptions.DashboardUrl)} must be an http or https address without a query, such as http://ops-dashboard.ops.svc.");
}
