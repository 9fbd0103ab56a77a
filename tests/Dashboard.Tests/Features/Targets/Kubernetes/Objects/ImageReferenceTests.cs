using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Objects;

public sealed class ImageReferenceTests
{
    private const string Digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("registry.example/ops-runtime" + Digest, "registry.example", "ops-runtime")]
    [InlineData("registry.example:5000/team/ops-runtime:1.2" + Digest, "registry.example:5000", "team/ops-runtime")]
    [InlineData("localhost/x" + Digest, "localhost", "x")]
    public void Parse_ByDigest_IsRead(string text, string registry, string repository)
    {
        var image = ImageReference.Parse(text).Value;

        Assert.Equal((registry, repository, Digest[1..]), (image.Registry, image.Repository, image.Digest));
    }

    [Theory]
    [InlineData("registry.example/ops-runtime:latest")]
    [InlineData("registry.example/ops-runtime")]
    [InlineData("registry.example/ops-runtime@sha256:0123")]
    [InlineData("registry.example/ops-runtime@sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("ops-runtime" + Digest)]
    [InlineData("library/ops-runtime" + Digest)]
    [InlineData("registry.example/a" + Digest + "\nhostNetwork: true")]
    [InlineData("registry.example/../a" + Digest)]
    [InlineData("https://registry.example/a" + Digest)]
    [InlineData("")]
    public void Parse_MutableOrNotAnImage_IsRefused(string text) => Assert.Equal("image", ImageReference.Parse(text).Failure?.Field);

    [Theory]
    [InlineData("allowed.io", "allowed.io/x", true)]
    [InlineData("allowed.io/", "allowed.io/x", true)]
    [InlineData("allowed.io/team", "allowed.io/team/x", true)]
    [InlineData("allowed.io", "allowed.io.evil.com/x", false)]
    [InlineData("allowed.io", "evil-allowed.io/x", false)]
    [InlineData("allowed.io", "allowed.io:5000/x", false)]
    [InlineData("allowed.io/team", "allowed.io/team2/x", false)]
    [InlineData("allowed.io/team/x/y", "allowed.io/team/x", false)]
    [InlineData("", "allowed.io/x", false)]
    public void IsFrom_Place_ComparesWholeSegments(string place, string image, bool expected) =>
        Assert.Equal(expected, ImageReference.Parse(image + Digest).Value.IsFrom([place]));
}
