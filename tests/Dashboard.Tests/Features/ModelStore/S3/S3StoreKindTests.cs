using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Testing.Kubernetes;

namespace Ops.Dashboard.Tests.Features.ModelStore.S3;

public sealed class S3StoreKindTests : IDisposable
{
    private static readonly Dictionary<string, string> Secrets = new() { [S3StoreKind.AccessKey] = "key", [S3StoreKind.SecretKey] = "very-secret" };
    private readonly PartBuffers buffers = new(Options.Create(new ModelStoreOptions { PartMemoryMiB = 16 }));
    private readonly S3StoreKind kind;

    public S3StoreKindTests() => kind = new S3StoreKind(buffers, TimeProvider.System);

    public void Dispose() => buffers.Dispose();

    [Fact]
    public void Create_CompleteSettings_MakesAStore()
    {
        var made = kind.Create("bucket", """{"endpoint":"https://minio.example.org:9000","bucket":"models","prefix":"ops/"}""", Secrets);

        using var store = Assert.IsType<S3Store>(made.Value);
        Assert.Equal("bucket", store.Name);
        Assert.Null(store.DirectParts);
        Assert.Null(((IModelStore)store).SourceAuthorities);
    }

    [Fact]
    public void Create_WithAnAuthorityOfItsOwn_SaysWhoIsToBeTrustedByThoseWhoFetch()
    {
        using var certificates = new TestCertificates();

        using var store = (S3Store)kind.Create("bucket", JsonSerializer.Serialize(new { endpoint = "https://minio.example.org", bucket = "models", prefix = "ops/", caPem = certificates.AuthorityPem }), Secrets).Value;

        Assert.Equal(certificates.AuthorityPem, store.SourceAuthorities);
    }

    [Theory]
    [InlineData("""{"bucket":"models"}""", "prefix")]
    [InlineData("""{"bucket":"models","prefix":"/"}""", "prefix")]
    [InlineData("""{"bucket":"models","prefix":null}""", "prefix")]
    [InlineData("""{"bucket":null,"prefix":"ops"}""", "bucket")]
    [InlineData("""{"bucket":"models","prefix":"a/../../t2"}""", "prefix")]
    [InlineData("""{"bucket":"models","prefix":"a//b"}""", "prefix")]
    [InlineData("""{"bucket":"models","prefix":"..%2fx"}""", "prefix")]
    [InlineData("""{"bucket":"../x","prefix":"ops"}""", "bucket")]
    [InlineData("""{"bucket":"","prefix":"ops"}""", "bucket")]
    [InlineData("""{"bucket":"models","prefix":"ops","endpoint":"file:///etc/passwd"}""", "endpoint")]
    [InlineData("""{"bucket":"models","prefix":"ops","endpoint":"minio:9000"}""", "endpoint")]
    [InlineData("""{"bucket":"models","prefix":"ops","endpoint":"https://user:word@minio"}""", "endpoint")]
    [InlineData("""{"bucket":"models","prefix":"ops","publicEndpoint":"https://minio/path"}""", "publicEndpoint")]
    [InlineData("""{"bucket":"models","prefix":"ops","proxy":"nowhere"}""", "proxy")]
    [InlineData("""{"bucket":"models","prefix":"ops","proxy":"http://ops:pw@proxy:3128"}""", "proxy")]
    [InlineData("""{"bucket":"models","prefix":"ops","proxyUser":"ops"}""", "proxyUser")]
    [InlineData("""{"bucket":"models","prefix":"ops","proxy":"http://proxy:3128","proxyUser":"o:ps"}""", "proxyUser")]
    [InlineData("""{"bucket":"models","prefix":"ops","proxy":"http://proxy:3128","proxyUser":"ops"}""", "proxyPassword")]
    [InlineData("""{"bucket":"models","prefix":"ops","region":" "}""", "region")]
    [InlineData("""{"bucket":"models","prefix":"ops","encryption":"rot13"}""", "encryption")]
    [InlineData("""{"bucket":"models","prefix":"ops","kmsKeyId":"k"}""", "kmsKeyId")]
    [InlineData("""{"bucket":"models","prefix":"ops","caPem":"no certificate"}""", "caPem")]
    public void Create_AWrongSetting_NamesIt(string settings, string field)
    {
        var made = kind.Create("bucket", settings, Secrets);

        Assert.Equal(field, made.Failure?.Field);
        Assert.DoesNotContain("very-secret", made.Failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 16)]
    [InlineData(32L << 30, 16)]
    [InlineData((32L << 30) + 1, 32)]
    [InlineData(128L << 30, 32)]
    [InlineData((128L << 30) + 1, 64)]
    [InlineData(625L << 30, 64)]
    [InlineData((625L << 30) + 1, 65)]
    [InlineData(S3PartSizes.LargestObject, 477)]
    public void PartSizes_BySizeOfTheFile_AreSixteenToSixtyFourMiBAndMoreOnlyBeyondTenThousandParts(long bytes, int mib)
    {
        var size = S3PartSizes.For(bytes);

        Assert.Equal(mib, size >> 20);
        Assert.InRange((bytes + size - 1) / size, 0, PartSizes.MaxParts);

        // What the dashboard takes as one part, when it is streamed through it.
        Assert.InRange(size, 1, PartSizes.Largest);
    }

    [Theory]
    [InlineData("accessKey")]
    [InlineData("secretKey")]
    public void Create_WithoutASecret_AsksForIt(string missing)
    {
        var made = kind.Create("bucket", """{"bucket":"models","prefix":"ops"}""", Secrets.Where(s => s.Key != missing).ToDictionary());

        Assert.Equal(missing, made.Failure?.Field);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    public void Create_NoSettings_SaysSo(string settings) => Assert.False(kind.Create("bucket", settings, Secrets).Succeeded);

    [Fact]
    public void Credentials_AsText_HoldNoSecret() => Assert.DoesNotContain("very-secret", new S3Credentials("key", "very-secret").ToString(), StringComparison.Ordinal);
}
