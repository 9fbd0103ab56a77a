using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>
/// Encrypts the secrets of a store for the registry, with keys that are in the data folder and never in the registry. What was encrypted
/// for one store cannot be read as another's. Keys that were replaced or revoked go on decrypting: losing a bucket's key is worse than using it.
/// </summary>
internal sealed class StoreSecrets(IDataProtectionProvider protection)
{
    private const string Purpose = "Ops.ModelStore.Secrets.v1";

    /// <summary>Encrypts them; null when there is none.</summary>
    public string? Protect(Guid storeId, IReadOnlyDictionary<string, string> secrets) => secrets.Count == 0
        ? null
        : Convert.ToBase64String(For(storeId).Protect(JsonSerializer.SerializeToUtf8Bytes(secrets.OrderBy(s => s.Key, StringComparer.Ordinal).ToDictionary())));

    /// <summary>Decrypts them.</summary>
    /// <exception cref="CryptographicException">The keys in the data folder are not those it was encrypted with.</exception>
    public IReadOnlyDictionary<string, string> Unprotect(Guid storeId, string? text)
    {
        if (text is null)
        {
            return new Dictionary<string, string>();
        }

        var protector = For(storeId);
        try
        {
            var bytes = Convert.FromBase64String(text);
            var plain = protector is IPersistedDataProtector persisted
                ? persisted.DangerousUnprotect(bytes, ignoreRevocationErrors: true, out _, out _)
                : protector.Unprotect(bytes);
            return JsonSerializer.Deserialize<Dictionary<string, string>>(Encoding.UTF8.GetString(plain)) ?? [];
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw new CryptographicException("The stored secrets are not what was written.", exception);
        }
    }

    private IDataProtector For(Guid storeId) => protection.CreateProtector(Purpose, storeId.ToString("N"));
}
