using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Supply;

/// <summary>Addresses of the dashboard from which a pod fetches one file of one version for some hours. They are signed and encrypted: nothing in them can be changed or read.</summary>
internal sealed class FetchLinks(IDataProtectionProvider protection, IOptions<KubernetesOptions> options)
{
    /// <summary>The first part of their path.</summary>
    public const string Path = "/fetch";

    private readonly ITimeLimitedDataProtector protector = protection.CreateProtector("Ops.Kubernetes.Fetch.v1").ToTimeLimitedDataProtector();

    /// <summary>Certificates in PEM of the authorities that sign the dashboard's own at that address; null where they are publicly trusted ones.</summary>
    /// <exception cref="InvalidOperationException">The file that holds them cannot be read.</exception>
    public string? Authorities
    {
        get
        {
            try
            {
                // Read anew each time: such files are renewed in place.
                return options.Value.DashboardCaFile is { Length: > 0 } file ? File.ReadAllText(file) : null;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new InvalidOperationException($"The file that {KubernetesOptions.Section}:{nameof(KubernetesOptions.DashboardCaFile)} names cannot be read.", exception);
            }
        }
    }

    /// <summary>Makes one.</summary>
    public Result<Uri> Make(Guid versionId, string path, TimeSpan lifetime)
    {
        if (options.Value.DashboardUrl is not { Length: > 0 } address)
        {
            return Failure.Invalid(
                $"The version lies in a model store that pods cannot reach. Set {KubernetesOptions.Section}:{nameof(KubernetesOptions.DashboardUrl)} to where pods reach this dashboard, or keep versions in an S3 store.");
        }

        var token = WebEncoders.Base64UrlEncode(protector.Protect(JsonSerializer.SerializeToUtf8Bytes(new FetchedFile(versionId, path)), lifetime));
        return new Uri($"{address.TrimEnd('/')}{Path}/{token}");
    }

    /// <summary>Which file a token is for; null when it is old, changed or another's.</summary>
    public FetchedFile? Read(string token)
    {
        try
        {
            return JsonSerializer.Deserialize<FetchedFile>(protector.Unprotect(WebEncoders.Base64UrlDecode(token)));
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or JsonException or DecoderFallbackException)
        {
            return null;
        }
    }
}

/// <summary>One file of one version.</summary>
internal sealed record FetchedFile(Guid VersionId, string Path);
