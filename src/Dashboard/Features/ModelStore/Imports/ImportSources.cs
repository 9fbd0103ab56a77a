using Microsoft.AspNetCore.DataProtection;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports;

/// <summary>The kinds of places there are, by scheme.</summary>
internal sealed class ImportSources
{
    private readonly Dictionary<string, IImportSource> byScheme = new(StringComparer.Ordinal);

    /// <summary>Takes what was registered.</summary>
    /// <exception cref="InvalidOperationException">Two have the same scheme.</exception>
    public ImportSources(IEnumerable<IImportSource> sources)
    {
        foreach (var source in sources)
        {
            if (!byScheme.TryAdd(source.Scheme, source))
            {
                throw new InvalidOperationException($"Two sources of imports read {source.Scheme}.");
            }
        }
    }

    /// <summary>Takes an address apart and lets its source look at it.</summary>
    public Result<ImportAddress> Check(string? text)
    {
        var address = ImportAddress.Parse(text);
        if (!address.Succeeded)
        {
            return address;
        }

        if (!byScheme.TryGetValue(address.Value.Scheme, out var source))
        {
            return Failure.Invalid($"{address.Value.Scheme}:// is not imported from by this installation.", "address");
        }

        return source.Check(address.Value) is { Failure: { } failure } ? failure : address;
    }

    /// <summary>The source of a checked address.</summary>
    public IImportSource Get(ImportAddress address) => byScheme[address.Scheme];
}

/// <summary>Keeps whole addresses, which may hold a signature, readable for this installation only.</summary>
internal sealed class AddressProtector(IDataProtectionProvider provider)
{
    private readonly IDataProtector protector = provider.CreateProtector("Ops.Imports.Address.v1");

    /// <summary>Encrypts an address.</summary>
    public string Protect(string address) => protector.Protect(address);

    /// <summary>Reads one.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The keys it was written with are gone.</exception>
    public string Unprotect(string text) => protector.Unprotect(text);
}
