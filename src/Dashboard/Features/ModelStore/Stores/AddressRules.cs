using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Stores;

/// <summary>
/// Which addresses a store may have. That is an administrator's choice, loopback and private networks included, except the addresses from
/// which clouds hand out credentials of the machine.
/// </summary>
internal sealed class AddressRules(IOptions<StoresOptions> options)
{
    /// <summary>Where clouds hand out credentials of the machine: what this dashboard connects to and what pods may reach both leave these out.</summary>
    public static IReadOnlyList<IPNetwork> MetadataNetworks { get; } =
    [
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("fe80::/10"),
        IPNetwork.Parse("fd00:ec2::254/128"),
        IPNetwork.Parse("fd20:ce::254/128"),
        IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("192.0.0.192/32"),
        IPNetwork.Parse("168.63.129.16/32"),
    ];

    /// <summary>Checks the form of an address and, where it names a host, what that stands for now.</summary>
    /// <param name="address">Empty is fine.</param>
    /// <param name="field">The setting it came from.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Result> CheckAsync(string? address, string field, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(address))
        {
            return Result.Done;
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            return Failure.Invalid("Give an address that begins with https:// or http://.", field);
        }

        if (uri.UserInfo.Length > 0 || uri.PathAndQuery is not "/" || uri.Fragment.Length > 0 || address.Contains('\\', StringComparison.Ordinal))
        {
            return Failure.Invalid("Give scheme, host and port only: no user, path or query.", field);
        }

        if (options.Value.AllowMetadataAddresses)
        {
            return Result.Done;
        }

        try
        {
            var all = await CheckedAddresses.LookUpAsync(uri.DnsSafeHost, cancellation);
            return all.Any(IsMetadata) ? Refused(field) : Result.Done;
        }
        catch (SocketException)
        {
            // A name that cannot be resolved is for the checks of the store to report.
            return Result.Done;
        }
    }

    /// <summary>Whether a connection to it is refused. For connections as they are made, so that a name cannot stand for something else by then.</summary>
    public bool IsRefused(IPAddress address) => !options.Value.AllowMetadataAddresses && IsMetadata(address);

    /// <summary>Connects for <see cref="SocketsHttpHandler.ConnectCallback"/>, to none but the addresses that were looked at here.</summary>
    /// <exception cref="StoreUnavailableException">The name stands for an address that is refused.</exception>
    public ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation) => CheckedAddresses.ConnectAsync(
        context.DnsEndPoint,
        IsRefused,
        host => new StoreUnavailableException(StoreProblem.Refused, $"{host} stands for an address from which a cloud hands out credentials of the machine."),
        cancellation);

    /// <summary>Says that a host is refused because of <see cref="IsMetadata"/>.</summary>
    public static string RefusalOf(string host) => $"{host} is an address from which a cloud hands out credentials of the machine. It is refused.";

    /// <summary>Whether a cloud hands out credentials of the machine there.</summary>
    public static bool IsMetadata(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return MetadataNetworks.Any(network => network.Contains(plain));
    }

    private static Failure Refused(string field) =>
        Failure.Invalid("This is an address from which a cloud hands out credentials of the machine. It is refused unless Ops:Stores:AllowMetadataAddresses is set.", field);
}
