using Ops.Dashboard.Features.ModelStore.Imports;

namespace Ops.Dashboard.Tests.Features.ModelStore.Imports;

public sealed class ImportAddressTests
{
    [Theory]
    [InlineData("https://host/model.onnx", "https", null)]
    [InlineData("https://host/team/models.git", "git", null)]
    [InlineData("https://host/team/models.git#v1.2", "git", "v1.2")]
    [InlineData("git+https://host/team/models#main", "git", "main")]
    [InlineData("s3://bucket/folder/", "s3", null)]
    [InlineData("hf://org/model@main", "hf", null)]
    [InlineData("oci://registry.example:5000/team/model:1", "oci", null)]
    [InlineData("file:///srv/models/a.onnx", "file", null)]
    public void Parse_KindsOfAddresses_GoToTheirSource(string text, string scheme, string? revision)
    {
        var address = ImportAddress.Parse(text);
        Assert.True(address.Succeeded, address.Failure?.Message);
        Assert.Equal((scheme, revision), (address.Value.Scheme, address.Value.Revision));
        Assert.Equal(text, address.Value.Text);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("\\..\\..\\x")]
    [InlineData("/etc/passwd")]
    [InlineData("://host/x")]
    [InlineData("https:///x")]
    [InlineData("ftp://host/x")]
    [InlineData("javascript:alert(1)")]
    [InlineData("data:text/plain,x")]
    [InlineData("s3://b/a/../../t2")]
    [InlineData("https://host/..%2f..%2fx")]
    [InlineData("https://host/%252e%252e%252f")]
    [InlineData("https://host/%25252525252e")]
    [InlineData("https://host/artifact%00")]
    [InlineData("https://host/a\nHost: evil")]
    [InlineData("https://host\\@evil/x")]
    [InlineData("https://host/a b")]
    [InlineData("https://user:secret@host/x")]
    [InlineData("https://host/model.onnx#part")]
    [InlineData("hf://org/model?x=1")]
    [InlineData("git+ssh://host/x")]
    [InlineData("ext::sh -c id")]
    [InlineData("https://host/\u202Exnno.ledom")]
    public void Parse_BadAddress_IsRefusedAtItsField(string? text)
    {
        var address = ImportAddress.Parse(text);
        Assert.False(address.Succeeded, text);
        Assert.Equal("address", address.Failure.Field);
    }

    [Fact]
    public void Parse_AddressWithASignature_IsShownWithoutIt()
    {
        var address = ImportAddress.Parse("https://host/model.onnx?X-Amz-Signature=secret&sig=secret");
        Assert.Equal("https://host/model.onnx?…", address.Value.Shown);
        Assert.DoesNotContain("secret", address.Value.Shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TooLong_IsRefused() => Assert.False(ImportAddress.Parse("https://host/" + new string('a', 2001)).Succeeded);
}
