using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.ModelStore.Imports.Guard;

/// <summary>Asks DNS. Behind an interface of its own so that tests can answer one thing now and another a moment later.</summary>
internal interface IHostResolver
{
    /// <summary>All addresses of a host.</summary>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation);
}

/// <summary>The system's resolver.</summary>
internal sealed class SystemResolver : IHostResolver
{
    /// <inheritdoc/>
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation) => Dns.GetHostAddressesAsync(host, cancellation);
}

/// <summary>
/// Says which hosts the dashboard may connect to for a person: public ones, and those an administrator allowed by name. What it returns are
/// addresses, and only to these a connection is made: a name that answers otherwise a moment later gains nothing.
/// </summary>
internal sealed class AddressGuard(IHostResolver resolver, IOptions<ImportsOptions> options)
{
    /// <summary>Whether an administrator allowed this host by name.</summary>
    public bool IsAllowedByName(string host, int port)
    {
        var name = Bare(host);
        return options.Value.AllowedHosts.Any(allowed =>
            string.Equals(allowed, name, StringComparison.OrdinalIgnoreCase) || string.Equals(allowed, $"{name}:{port}", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Refuses what is neither https nor plain http to a host allowed by name.</summary>
    /// <exception cref="ImportRefusedException">It is neither.</exception>
    public void CheckScheme(Uri address)
    {
        if (address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && IsAllowedByName(address.Host, address.Port)))
        {
            throw new ImportRefusedException($"{address.Scheme}://{address.Host} is refused: only https is used, so that nobody on the way can change a model. An administrator can allow a host by name.");
        }
    }

    /// <summary>The addresses of a host that may be connected to.</summary>
    /// <exception cref="ImportRefusedException">One of its addresses is not public and the host is not allowed by name.</exception>
    /// <exception cref="ImportInterruptedException">The name cannot be resolved now.</exception>
    public async Task<IPAddress[]> ResolveAsync(string host, int port, CancellationToken cancellation)
    {
        var name = Bare(host);
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(name, out var literal) ? [literal] : await resolver.ResolveAsync(name, cancellation);
        }
        catch (SocketException exception)
        {
            throw new ImportInterruptedException($"The host {name} is not found.", exception);
        }

        if (addresses.Length == 0)
        {
            throw new ImportInterruptedException($"The host {name} has no address.");
        }

        // One private answer among public ones is reason enough: whoever made it so means no good, or the name is an inner one.
        if (!IsAllowedByName(host, port) && !addresses.All(PublicAddresses.Contains))
        {
            throw new ImportRefusedException($"{name} is not on the public internet. Ask an administrator to allow this host by name if it is meant.");
        }

        return addresses;
    }

    private static string Bare(string host) => host.Trim('[', ']').TrimEnd('.');
}
