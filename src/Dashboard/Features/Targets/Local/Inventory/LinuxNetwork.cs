using System.Net.NetworkInformation;

namespace Ops.Dashboard.Features.Targets.Local.Inventory;

/// <summary>Reads network cards.</summary>
internal static class LinuxNetwork
{
    // ARPHRD_LOOPBACK of if_arp.h.
    private const long LoopbackType = 772;

    /// <summary>The cards under <c>/sys/class/net</c>.</summary>
    /// <param name="files">Where to read.</param>
    /// <param name="addresses">IP addresses by card; the kernel has no file for them.</param>
    public static IReadOnlyList<NetworkCard> Cards(LinuxFiles files, IReadOnlyDictionary<string, IReadOnlyList<string>> addresses)
    {
        var cards = new List<NetworkCard>();
        foreach (var name in files.Folders("sys/class/net"))
        {
            var folder = $"sys/class/net/{name}";
            if (files.Number(folder + "/type") == LoopbackType)
            {
                continue;
            }

            var mac = files.Text(folder + "/address");
            var speed = files.Number(folder + "/speed");
            cards.Add(new NetworkCard(
                name,
                files.Text(folder + "/operstate") ?? "unknown",
                addresses.GetValueOrDefault(name, []),
                string.IsNullOrEmpty(mac) || mac == "00:00:00:00:00:00" ? null : mac,
                speed > 0 ? speed : null,
                files.HasFolder(folder + "/device")));
        }

        return cards;
    }

    /// <summary>The IP addresses of this machine by card.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Addresses()
    {
        var addresses = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var card in NetworkInterface.GetAllNetworkInterfaces())
        {
            addresses[card.Name] = AddressesOf(card);
        }

        return addresses;
    }

    /// <summary>The cards as .NET sees them, for systems other than Linux.</summary>
    public static IReadOnlyList<NetworkCard> PortableCards() =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .Select(card => new NetworkCard(
                card.Name,
                card.OperationalStatus.ToString().ToLowerInvariant(),
                AddressesOf(card),
                card.GetPhysicalAddress().GetAddressBytes() is { Length: > 0 } mac ? Convert.ToHexStringLower(mac).Chunk(2).Aggregate("", (text, pair) => text + (text.Length > 0 ? ":" : "") + new string(pair)) : null,
                Speed(card),
                null)),
    ];

    private static IReadOnlyList<string> AddressesOf(NetworkInterface card)
    {
        try
        {
            return [.. card.GetIPProperties().UnicastAddresses.Select(a => a.Address.ToString())];
        }
        catch (NetworkInformationException)
        {
            // The card went away between listing and asking.
            return [];
        }
    }

    private static long? Speed(NetworkInterface card)
    {
        try
        {
            return card.Speed > 0 ? card.Speed / 1_000_000 : null;
        }
        catch (Exception e) when (e is PlatformNotSupportedException or NetworkInformationException)
        {
            return null;
        }
    }
}
