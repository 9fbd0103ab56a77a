using System.Net;
using System.Net.Sockets;

namespace Ops.Dashboard.Features.ModelStore.Imports.Guard;

/// <summary>
/// Tells addresses of the public internet from all others, by the special-purpose registries of IANA (RFC 6890 and its successors).
/// Of IPv6 only global unicast counts, without the ranges that carry an IPv4 address inside.
/// </summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",

            // A public address at which a cloud answers its own machines only.
            "168.63.129.16/32",

            // Teredo, benchmarking, ORCHID and other protocol assignments; documentation; 6to4; more documentation.
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether an address is a public one.</summary>
    public static bool Contains(IPAddress address)
    {
        // The same address in other clothes: ::ffff:127.0.0.1 is 127.0.0.1. Other forms (NAT64, IPv4-compatible) are no global unicast at all.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily switch
        {
            AddressFamily.InterNetwork => !Special.Any(network => network.BaseAddress.AddressFamily == AddressFamily.InterNetwork && network.Contains(plain)),
            AddressFamily.InterNetworkV6 => plain.ScopeId == 0 && GlobalUnicast.Contains(plain)
                && !Special.Any(network => network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 && network.Contains(plain)),
            _ => false,
        };
    }
}
