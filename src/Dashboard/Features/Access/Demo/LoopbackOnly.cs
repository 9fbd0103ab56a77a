using System.Net;

namespace Ops.Dashboard.Features.Access.Demo;

/// <summary>Tells whether other machines could reach the dashboard.</summary>
internal static class LoopbackOnly
{
    private static readonly string[] PortKeys = ["http_ports", "https_ports"];

    /// <summary>Every configured address that is not a loopback one, wherever it was configured.</summary>
    public static IReadOnlyList<string> Offenders(IConfiguration configuration)
    {
        var addresses = (configuration["urls"] ?? "").Split(';')
            .Concat((Environment.GetEnvironmentVariable("ASPNETCORE_URLS") ?? "").Split(';'))
            .Concat(configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"] ?? ""))
            .Where(address => !string.IsNullOrWhiteSpace(address) && !IsLoopback(address.Trim()))
            .Select(address => address.Trim());

        // Without addresses, ports mean every network card.
        var ports = string.IsNullOrWhiteSpace(configuration["urls"])
            ? PortKeys.Where(key => !string.IsNullOrWhiteSpace(configuration[key])).Select(key => $"{key}={configuration[key]}")
            : [];
        return [.. addresses.Concat(ports).Distinct()];
    }

    /// <summary>Whether only programs on this machine reach this address.</summary>
    public static bool IsLoopback(string address)
    {
        BindingAddress parsed;
        try
        {
            parsed = BindingAddress.Parse(address);
        }
        catch (FormatException)
        {
            return false;
        }

        return parsed.IsUnixPipe
            || parsed.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(parsed.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }
}
