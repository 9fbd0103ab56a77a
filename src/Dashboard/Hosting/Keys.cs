using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Ops.Data;

namespace Ops.Dashboard.Hosting;

/// <summary>
/// Where the keys are that cookies, links and the secrets of rows are encrypted with: in the data folder, or, for several dashboards, in the registry
/// and there encrypted to a certificate that the registry does not hold.
/// </summary>
internal static class Keys
{
    /// <summary>Adds them.</summary>
    /// <exception cref="StartRefusedException">A certificate cannot be used; the message says why.</exception>
    public static void AddKeys(this IServiceCollection services, OpsOptions options, DataFolder folder)
    {
        var keys = services.AddDataProtection().SetApplicationName("Ops");
        if (string.IsNullOrWhiteSpace(options.KeysCertificate))
        {
            keys.PersistKeysToFileSystem(new DirectoryInfo(folder.Folder("keys")));
            return;
        }

        keys.PersistKeysToDbContext<RegistryDb>()
            .ProtectKeysWithCertificate(Read("Ops:KeysCertificate", options.KeysCertificate))
            .UnprotectKeysWithAnyCertificate([.. options.OldKeysCertificates.Select((file, index) => Read($"Ops:OldKeysCertificates:{index}", file))]);
    }

    /// <summary>
    /// Makes sure that there are keys and that all of them can be read. Without this, two dashboards that start for the first time would make a key each
    /// and not know the other's for a day, and one with the wrong certificate would quietly make new keys, with which nothing stored can be read.
    /// </summary>
    /// <exception cref="StartRefusedException">A key cannot be read; the message says what to do.</exception>
    public static void Settle(IServiceProvider services)
    {
        foreach (var key in services.GetRequiredService<IKeyManager>().GetAllKeys().Where(k => !k.IsRevoked))
        {
            if (!IsReadable(key))
            {
                throw new StartRefusedException(
                    $"The key {key.KeyId} of this installation cannot be read: it was encrypted to another certificate than Ops:KeysCertificate. "
                    + "Name that certificate, or list it under Ops:OldKeysCertificates. Nothing was changed.");
            }
        }

        // The first use makes a key where there is none that is valid.
        services.GetRequiredService<IDataProtectionProvider>().CreateProtector("Ops.Keys.Settle").Protect([]);
    }

    private static bool IsReadable(IKey key)
    {
        try
        {
            return key.CreateEncryptor() is not null;
        }
        catch (Exception exception) when (exception is CryptographicException or InvalidOperationException)
        {
            return false;
        }
    }

    private static X509Certificate2 Read(string setting, string file)
    {
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new StartRefusedException($"{setting} names {file}, which is not a PEM file with a certificate and its private key, not encrypted: {exception.Message}");
        }

        using var key = certificate.GetRSAPrivateKey();
        return key is not null ? certificate : throw new StartRefusedException($"{setting} names {file}, whose key is not an RSA key. Make one as docs/install.md shows.");
    }
}
