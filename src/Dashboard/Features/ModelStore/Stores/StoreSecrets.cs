using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Ops.Dashboard.Hosting;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>Encrypts the secrets of a store for the registry.</summary>
internal sealed class StoreSecrets(IDataProtectionProvider protection)
{
    private readonly RowSecrets rows = new(protection, "Ops.ModelStore.Secrets.v1");

    /// <summary>Encrypts them; null when there is none.</summary>
    public string? Protect(Guid storeId, IReadOnlyDictionary<string, string> secrets) => secrets.Count == 0
        ? null
        : rows.Protect(storeId, JsonSerializer.SerializeToUtf8Bytes(secrets.OrderBy(s => s.Key, StringComparer.Ordinal).ToDictionary()));

    /// <summary>Decrypts them.</summary>
    /// <exception cref="CryptographicException">The keys at hand are not those it was encrypted with.</exception>
    public IReadOnlyDictionary<string, string> Unprotect(Guid storeId, string? text)
    {
        if (text is null)
        {
            return new Dictionary<string, string>();
        }

        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(rows.Unprotect(storeId, text)) ?? [];
        }
        catch (JsonException exception)
        {
            throw new CryptographicException("The stored secrets are not what was written.", exception);
        }
    }
}
