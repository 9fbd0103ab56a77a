using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Encrypts a target's kubeconfig for the registry.</summary>
internal sealed class TargetSecrets(IDataProtectionProvider protection)
{
    private readonly RowSecrets secrets = new(protection, "Ops.Targets.Kubeconfig.v1");

    /// <summary>Encrypts it; null when there is none.</summary>
    public string? Protect(Guid targetId, string? kubeconfig) => string.IsNullOrEmpty(kubeconfig) ? null : secrets.Protect(targetId, Encoding.UTF8.GetBytes(kubeconfig));

    /// <summary>Decrypts it; null when there is none.</summary>
    /// <exception cref="CryptographicException">The keys at hand are not those it was encrypted with.</exception>
    public string? Unprotect(Guid targetId, string? text) => text is null ? null : Encoding.UTF8.GetString(secrets.Unprotect(targetId, text));
}
