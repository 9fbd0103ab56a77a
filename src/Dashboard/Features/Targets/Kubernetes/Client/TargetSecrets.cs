using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>Encrypts a target's kubeconfig for the registry, as <see cref="ModelStore.Stores.StoreSecrets"/> does for stores: for that target alone, with keys that are not in the registry.</summary>
internal sealed class TargetSecrets(IDataProtectionProvider protection)
{
    private const string Purpose = "Ops.Targets.Kubeconfig.v1";

    /// <summary>Encrypts it; null when there is none.</summary>
    public string? Protect(Guid targetId, string? kubeconfig) =>
        string.IsNullOrEmpty(kubeconfig) ? null : Convert.ToBase64String(For(targetId).Protect(Encoding.UTF8.GetBytes(kubeconfig)));

    /// <summary>Decrypts it; null when there is none.</summary>
    /// <exception cref="CryptographicException">The keys in the data folder are not those it was encrypted with.</exception>
    public string? Unprotect(Guid targetId, string? text)
    {
        if (text is null)
        {
            return null;
        }

        try
        {
            var (protector, bytes) = (For(targetId), Convert.FromBase64String(text));
            return Encoding.UTF8.GetString(protector is IPersistedDataProtector persisted ? persisted.DangerousUnprotect(bytes, ignoreRevocationErrors: true, out _, out _) : protector.Unprotect(bytes));
        }
        catch (FormatException exception)
        {
            throw new CryptographicException("The stored kubeconfig is not what was written.", exception);
        }
    }

    private IDataProtector For(Guid targetId) => protection.CreateProtector(Purpose, targetId.ToString("N"));
}
