using System.Net;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;

namespace Ops.Dashboard.Tests.Features.ModelStore.Imports;

public sealed class AddressGuardTests
{
    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("https://169.254.169.254/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://[::ffff:127.0.0.1]/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("https://metadata.google.internal/")]
    [InlineData("https://localhost/")]
    [InlineData("https://localhost./")]
    public async Task Send_ToAnInnerAddress_IsRefusedBeforeAConnection(string address)
    {
        var resolver = new FakeResolver { ["metadata.google.internal"] = [["169.254.169.254"]], ["localhost"] = [["127.0.0.1"]] };
        using var http = Http(resolver, out _);
        await Assert.ThrowsAsync<ImportRefusedException>(() => http.SendAsync(uri => new HttpRequestMessage(HttpMethod.Get, uri), new Uri(address), CancellationToken.None));
    }

    [Fact]
    public async Task Resolve_OnePrivateAmongPublicAddresses_IsRefused()
    {
        var guard = Guard(new FakeResolver { ["mixed.example"] = [["1.1.1.1", "10.0.0.1"]] });
        await Assert.ThrowsAsync<ImportRefusedException>(() => guard.ResolveAsync("mixed.example", 443, CancellationToken.None));
    }

    [Fact]
    public async Task Resolve_PublicAddresses_AreThoseThatAreConnectedTo()
    {
        var guard = Guard(new FakeResolver { ["models.example"] = [["1.1.1.1", "2606:4700:4700::1111"]] });
        Assert.Equal([IPAddress.Parse("1.1.1.1"), IPAddress.Parse("2606:4700:4700::1111")], await guard.ResolveAsync("models.example", 443, CancellationToken.None));
    }

    [Fact]
    public async Task Send_NameThatTurnsInnerAfterTheFirstLook_IsRefusedAtTheConnection()
    {
        // DNS rebinding: the first answer is public and leads nowhere here, the second is the dashboard's own machine.
        var resolver = new FakeResolver { ["rebind.example"] = [["1.1.1.1"], ["127.0.0.1"]] };
        var guard = Guard(resolver);
        await guard.ResolveAsync("rebind.example", 443, CancellationToken.None);
        using var http = new ImportHttp(guard, Options.Create(new ImportsOptions()));
        await Assert.ThrowsAsync<ImportRefusedException>(() => http.SendAsync(uri => new HttpRequestMessage(HttpMethod.Get, uri), new Uri("https://rebind.example/"), CancellationToken.None));
        Assert.Equal(2, resolver.Asked);
    }

    [Theory]
    [InlineData("lab.example", true)]
    [InlineData("LAB.example", true)]
    [InlineData("sub.lab.example", false)]
    [InlineData("lab.example.evil.com", false)]
    [InlineData("evil-lab.example", false)]
    public async Task Resolve_HostAllowedByName_MayBePrivate(string host, bool allowed)
    {
        var guard = Guard(new FakeResolver { [host] = [["10.0.0.1"]] }, "lab.example");
        Assert.Equal(allowed, guard.IsAllowedByName(host, 443));
        if (!allowed)
        {
            await Assert.ThrowsAsync<ImportRefusedException>(() => guard.ResolveAsync(host, 443, CancellationToken.None));
        }
        else
        {
            Assert.Single(await guard.ResolveAsync(host, 443, CancellationToken.None));
        }
    }

    [Fact]
    public void IsAllowedByName_WithAPort_IsThatPortOnly()
    {
        var guard = Guard([], "127.0.0.1:5001");
        Assert.True(guard.IsAllowedByName("127.0.0.1", 5001));
        Assert.False(guard.IsAllowedByName("127.0.0.1", 5002));
    }

    [Theory]
    [InlineData("http://models.example/x")]
    [InlineData("ftp://models.example/x")]
    [InlineData("gopher://models.example/x")]
    public void CheckScheme_NotHttps_IsRefused(string address) => Assert.Throws<ImportRefusedException>(() => Guard([]).CheckScheme(new Uri(address)));

    [Fact]
    public void CheckScheme_PlainHttpToAHostAllowedByName_IsFine() => Guard([], "lab.example").CheckScheme(new Uri("http://lab.example/x"));

    internal static AddressGuard Guard(FakeResolver resolver, params string[] allowed) => new(resolver, Options.Create(new ImportsOptions { AllowedHosts = allowed }));

    private static ImportHttp Http(FakeResolver resolver, out AddressGuard guard) => new(guard = Guard(resolver), Options.Create(new ImportsOptions()));

    /// <summary>Answers in turn; the last answer stays.</summary>
    internal sealed class FakeResolver : Dictionary<string, string[][]>, IHostResolver
    {
        public FakeResolver()
            : base(StringComparer.OrdinalIgnoreCase)
        {
        }

        public int Asked { get; private set; }

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
        {
            var answers = this[host];
            return Task.FromResult(answers[Math.Min(Asked++, answers.Length - 1)].Select(IPAddress.Parse).ToArray());
        }
    }
}
