using Ops.Dashboard.Features.Targets;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class ObjectNamesTests
{
    [Fact]
    public void Of_Revision_IsTheEndpointAndTheStartOfTheHash()
    {
        var revision = KubernetesSamples.Revision();

        Assert.Equal($"digits-{revision.PlanHash[..8]}", ObjectNames.Of(KubernetesSamples.Endpoint, revision));
        Assert.Equal("digits", ObjectNames.Of(KubernetesSamples.Endpoint));
    }

    [Theory]
    [InlineData("3d")]
    [InlineData("a-name-that-takes-all-of-the-sixty-three-characters-there-are-aa")]
    [InlineData("a-name-whose-cut-would-fall-onto-one-of-----its-hyphens-------z")]
    [InlineData("1")]
    public void Of_AnyEndpoint_IsANameThatServicesMayHave(string name)
    {
        var endpoint = KubernetesSamples.Endpoint with { Name = name[..Math.Min(63, name.Length)] };

        foreach (var made in new[] { ObjectNames.Of(endpoint), ObjectNames.Of(endpoint, KubernetesSamples.Revision()) })
        {
            Assert.True(Names.Check(made, "name").Succeeded, made);
            Assert.True(char.IsAsciiLetterLower(made[0]), made);
        }
    }

    [Fact]
    public void Of_EndpointsThatDifferAtTheirEndOrStart_NeverShareAName()
    {
        var revision = KubernetesSamples.Revision();
        EndpointRef Named(string name) => KubernetesSamples.Endpoint with { Name = name };

        Assert.NotEqual(ObjectNames.Of(Named(new string('a', 62) + "b"), revision), ObjectNames.Of(Named(new string('a', 62) + "c"), revision));
        Assert.NotEqual(ObjectNames.Of(Named("3d")), ObjectNames.Of(Named("e-3d")));
    }
}
