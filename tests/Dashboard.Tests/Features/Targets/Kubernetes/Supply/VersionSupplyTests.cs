using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Supply;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data;
using Ops.Testing;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Supply;

public sealed class VersionSupplyTests
{
    private readonly ManualTime time = new();
    private int asked;

    [Fact]
    public async Task Get_FileOfThisMachine_BecomesALinkThatOnlyTheDashboardReads()
    {
        var links = Links("http://ops.example/base/");

        var supplied = (await Supply(links).GetAsync(Guid.NewGuid(), KubernetesSamples.Plan, CancellationToken.None)).Value;

        var (link, direct) = (supplied.Source.Files[0].Source, supplied.Source.Files[1].Source);
        Assert.StartsWith("http://ops.example/base/fetch/", link.AbsoluteUri, StringComparison.Ordinal);
        Assert.DoesNotContain("model.onnx", link.AbsoluteUri, StringComparison.Ordinal);
        Assert.Equal(new FetchedFile(KubernetesSamples.Plan.VersionId, "model.onnx"), links.Read(link.Segments[^1]));
        Assert.Equal("https://store.example/x", direct.AbsoluteUri);
        Assert.Null(Links("http://ops.example").Read(link.Segments[^1]));
        Assert.Null(links.Read(link.Segments[^1][..^2] + "AA"));
        Assert.Null(links.Read("no token"));
    }

    [Fact]
    public async Task Get_WithoutAnAddressOfTheDashboard_SaysWhatToSet()
    {
        var refused = await Supply(Links((string?)null)).GetAsync(Guid.NewGuid(), KubernetesSamples.Plan, CancellationToken.None);

        Assert.Contains("Ops:Kubernetes:DashboardUrl", refused.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Again_MakesNewAddressesOnlyWhenTheOldGrowOld()
    {
        var (supply, plan) = (Supply(Links("http://ops.example")), Guid.NewGuid());
        var first = (await supply.GetAsync(plan, KubernetesSamples.Plan, CancellationToken.None)).Value;

        time.Advance(TimeSpan.FromHours(5));
        Assert.Same(first, (await supply.GetAsync(plan, KubernetesSamples.Plan, CancellationToken.None)).Value);
        time.Advance(TimeSpan.FromHours(2));
        Assert.NotSame(first, (await supply.GetAsync(plan, KubernetesSamples.Plan, CancellationToken.None)).Value);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Get_StoreOrDashboardWithAnAuthorityOfItsOwn_IsSuppliedWithIt()
    {
        using var certificates = new TestCertificates();
        var file = Path.Combine(Directory.CreateTempSubdirectory("ops-ca").FullName, "ca.pem");
        await File.WriteAllTextAsync(file, certificates.AuthorityPem);
        KubernetesOptions options = new() { DashboardUrl = "https://ops.example", DashboardCaFile = file };
        Assert.True(new ValidateKubernetesOptions().Validate(null, options).Succeeded);

        var here = (await Supply(Links(options)).GetAsync(Guid.NewGuid(), KubernetesSamples.Plan, CancellationToken.None)).Value;
        var there = (await Supply(Links(options), KubernetesSamples.Source with { Authorities = "the store's" }).GetAsync(Guid.NewGuid(), KubernetesSamples.Plan, CancellationToken.None)).Value;

        Assert.Equal(certificates.AuthorityPem, here.Source.Authorities);
        Assert.Equal("the store's", there.Source.Authorities);

        await File.WriteAllTextAsync(file, "no certificate");
        Assert.Contains("Ops:Kubernetes:DashboardCaFile must be", new ValidateKubernetesOptions().Validate(null, options).FailureMessage, StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static FetchLinks Links(KubernetesOptions options) => new(new EphemeralDataProtectionProvider(), Options.Create(options));

    private static FetchLinks Links(string? dashboard) => Links(new KubernetesOptions { DashboardUrl = dashboard });

    private VersionSupply Supply(FetchLinks links, VersionSource? source = null) => new(
        (_, _) =>
        {
            asked++;
            return Task.FromResult(Result.Of(source ?? new VersionSource(
                "onnx", [new("model.onnx", new Uri("file:///data/objects/x"), new string('a', 64), 1), new("labels.txt", new Uri("https://store.example/x"), new string('b', 64), 1)])));
        },
        links,
        time);
}
