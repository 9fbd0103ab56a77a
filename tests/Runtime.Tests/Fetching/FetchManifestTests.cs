using System.Text.Json.Nodes;
using Ops.Runtime.Fetching;
using Ops.Runtime.Tests.Support;

namespace Ops.Runtime.Tests.Fetching;

public sealed class FetchManifestTests : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public void Read_GoodManifest_HasItsFiles()
    {
        var manifest = Read(_ => { });
        var file = Assert.Single(manifest.Files);
        Assert.Equal(("a/model.onnx", "https://store/x?signature=geheim", 5), (file.Path, file.Source, file.Size));
    }

    [Theory]
    [InlineData("path", "../../etc/passwd", "Files:0:Path")]
    [InlineData("path", "/etc/passwd", "Files:0:Path")]
    [InlineData("path", "a/../../b", "Files:0:Path")]
    [InlineData("path", ".incoming/lock", "Files:0:Path")]
    [InlineData("path", "..\\x", "Files:0:Path")]
    [InlineData("source", "ftp://store/x", "Files:0:Source")]
    [InlineData("source", "model.onnx", "Files:0:Source")]
    [InlineData("sha256", "abc", "Files:0:Sha256")]
    [InlineData("path", null, "$.files[0].path")]
    public void Read_BadFile_SaysWhichField(string field, string? value, string said) =>
        Assert.Contains(said, Refused(m => m["files"]![0]![field] = value), StringComparison.Ordinal);

    [Fact]
    public void Read_SeveralFaults_SaysAll()
    {
        var said = Refused(m =>
        {
            m["digest"] = "abc";
            m["files"]![0]!["size"] = -1;
            m["files"]!.AsArray().Add(m["files"]![0]!.DeepClone());
        });
        Assert.Contains("Digest must be", said, StringComparison.Ordinal);
        Assert.Contains("Files:0:Size must be", said, StringComparison.Ordinal);
        Assert.Contains("Files:1:Path repeats", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AuthoritiesThatAreNone_IsRefused() => Assert.Contains("Authorities must be", Refused(m => m["authorities"] = "none"), StringComparison.Ordinal);

    [Fact]
    public void Read_NoFiles_IsRefused() => Assert.Contains("at least one file", Refused(m => m["files"] = new JsonArray()), StringComparison.Ordinal);

    [Fact]
    public void Read_NullForAFile_IsRefused() => Assert.Contains("null", Refused(m => m["files"]![0] = null), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"files\":[{\"source\":\"https://store/x?signature=geheim\",\"size\":\"geheim\"}]}")]
    public void Read_NoManifest_IsRefusedWithoutRepeatingIt(string text)
    {
        File.WriteAllText(folder.File("manifest.json"), text);
        var said = Assert.Throws<InvalidDataException>(() => FetchManifest.Read(folder.File("manifest.json"))).Message;
        Assert.Contains("manifest", said, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NotThere_SaysWhichFile() =>
        Assert.Contains(folder.File("none.json"), Assert.Throws<InvalidDataException>(() => FetchManifest.Read(folder.File("none.json"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Arguments_InAnyOrder_AreRead() => Assert.Equal(
        new FetchArguments("m.json", "/models/x", "/dev/termination-log"),
        FetchArguments.Read(["--into", "/models/x", "--manifest", "m.json"]));

    [Fact]
    public void Arguments_Cache_IsAPlaceForSeveral() => Assert.Equal(
        new FetchArguments("m.json", "/cache", "/dev/termination-log", IsCache: true),
        FetchArguments.Read(["--manifest", "m.json", "--cache", "/cache"]));

    [Theory]
    [InlineData("--manifest", "m.json", "--into", "/models", "--cache", "/cache")]
    [InlineData("--manifest", "m.json")]
    [InlineData("--into", "/models")]
    [InlineData("--manifest", "m.json", "--into")]
    [InlineData("--manifest", "m.json", "--into", "")]
    [InlineData("--manifest", "m.json", "--into", "/a", "--into", "/b")]
    [InlineData("--manifest", "m.json", "--into", "/a", "--verbose", "1")]
    [InlineData("m.json", "/models")]
    public void Arguments_NotAsTheUsageSays_AreRefused(params string[] args) => Assert.Null(FetchArguments.Read(args));

    public void Dispose() => folder.Dispose();

    private FetchManifest Read(Action<JsonNode> change)
    {
        var manifest = JsonNode.Parse($$"""{"digest":"{{new string('d', 64)}}","files":[{"path":"a/model.onnx","source":"https://store/x?signature=geheim","sha256":"{{new string('a', 64)}}","size":5}]}""")!;
        change(manifest);
        File.WriteAllText(folder.File("manifest.json"), manifest.ToJsonString());
        return FetchManifest.Read(folder.File("manifest.json"));
    }

    private string Refused(Action<JsonNode> change)
    {
        var said = Assert.Throws<InvalidDataException>(() => Read(change)).Message;
        Assert.DoesNotContain("geheim", said, StringComparison.Ordinal);
        return said;
    }
}
