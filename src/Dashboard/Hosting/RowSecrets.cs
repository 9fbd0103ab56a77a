using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Ops.Dashboard.Hosting;

/// <summary>
/// Encrypts what a row of the registry keeps secret, with the keys of this installation (<see cref="Keys"/>). What was encrypted for one
/// row cannot be read as another's. Keys that were replaced or revoked go on decrypting: losing access is worse than using them.
/// </summary>
/// <param name="protection">The keys.</param>
/// <param name="purpose">What it is for: secrets of one purpose cannot be read as another's.</param>
internal sealed class RowSecrets(IDataProtectionProvider protection, string purpose)
{
    /// <summary>Encrypts something for a row.</summary>
    public string Protect(Guid rowId, byte[] plain) => Convert.ToBase64String(For(rowId).Protect(plain));

    /// <summary>Decrypts it.</summary>
    /// <exception cref="CryptographicException">It is not what was written, or the keys at hand are not those it was encrypted with.</exception>
    public byte[] Unprotect(Guid rowId, string text)
    {
        byte[] bytes;
        try
        {
            bytes = Convert.FromBase64String(text);
        }
        catch (FormatException exception)
        {
            throw new CryptographicException("What is stored is not what was written.", exception);
        }

        var protector = For(rowId);
        return protector is IPersistedDataProtector persisted
            ? persisted.DangerousUnprotect(bytes, ignoreRevocationErrors: true, out _, out _)
            : protector.Unprotect(bytes);
    }

    private IDataProtector For(Guid rowId) => protection.CreateProtector(purpose, rowId.ToString("N"));
}
