using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Dashboard.Features.ModelStore.Imports.Sources;

namespace Ops.Dashboard.Tests.Features.ModelStore.Imports;

public sealed class FileSourceTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-files-").FullName;
    private readonly FileSource source;

    public FileSourceTests()
    {
        Directory.CreateDirectory(Allowed);
        source = new FileSource(Options.Create(new ImportsOptions { AllowedRoots = [Allowed] }));
    }

    private string Allowed => Path.Combine(root, "allowed");

    [Fact]
    public async Task List_Folder_IsEveryFileBelowIt()
    {
        Directory.CreateDirectory(Path.Combine(Allowed, "m", "data"));
        await File.WriteAllTextAsync(Path.Combine(Allowed, "m", "model.onnx"), "weights");
        await File.WriteAllTextAsync(Path.Combine(Allowed, "m", "data", "w.bin"), "1234567890");
        var listing = await source.ListAsync(Job("m"), CancellationToken.None);
        Assert.Equal(["data/w.bin", "model.onnx"], listing.Files.Select(f => f.Path).Order(StringComparer.Ordinal));

        await using var content = await source.OpenAsync(Job("m"), listing.Files.Single(f => f.Path == "data/w.bin"), 7, CancellationToken.None);
        using var reader = new StreamReader(content);
        Assert.Equal("890", await reader.ReadToEndAsync());
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("file://server/share/x")]
    public void Check_OutsideTheRoots_IsRefused(string text) => Assert.False(source.Check(ImportAddress.Parse(text).Value).Succeeded);

    [Fact]
    public void Check_NeighbourWithTheSameBeginning_IsRefused() => Assert.False(source.Check(ImportAddress.Parse($"file://{Allowed}-not/x").Value).Succeeded);

    [Fact]
    public void Check_NoRootIsAllowed_IsRefused() =>
        Assert.False(new FileSource(Options.Create(new ImportsOptions())).Check(ImportAddress.Parse("file:///srv/x").Value).Succeeded);

    [Fact]
    public async Task List_LinkOnTheWay_IsRefused()
    {
        var outside = Directory.CreateDirectory(Path.Combine(root, "outside")).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "secret.onnx"), "secret");
        Directory.CreateSymbolicLink(Path.Combine(Allowed, "link"), outside);
        File.CreateSymbolicLink(Path.Combine(Allowed, "file.onnx"), Path.Combine(outside, "secret.onnx"));
        Directory.CreateDirectory(Path.Combine(Allowed, "m"));
        Directory.CreateSymbolicLink(Path.Combine(Allowed, "m", "inner"), outside);

        await Assert.ThrowsAsync<ImportRefusedException>(() => source.ListAsync(Job("link/secret.onnx"), CancellationToken.None));
        await Assert.ThrowsAsync<ImportRefusedException>(() => source.ListAsync(Job("file.onnx"), CancellationToken.None));
        await Assert.ThrowsAsync<ImportRefusedException>(() => source.ListAsync(Job("m"), CancellationToken.None));
    }

    [Fact]
    public async Task Open_FileThatBecameALinkOrChanged_IsNotRead()
    {
        var file = Path.Combine(Allowed, "model.onnx");
        await File.WriteAllTextAsync(file, "weights");
        var listing = await source.ListAsync(Job("model.onnx"), CancellationToken.None);

        await File.WriteAllTextAsync(file, "others!");
        File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await Assert.ThrowsAsync<ImportChangedException>(() => source.OpenAsync(Job("model.onnx"), listing.Files[0], 0, CancellationToken.None));

        File.Delete(file);
        var outside = Path.Combine(root, "secret.onnx");
        await File.WriteAllTextAsync(outside, "secret!");
        File.CreateSymbolicLink(file, outside);
        await Assert.ThrowsAsync<ImportRefusedException>(() => source.OpenAsync(Job("model.onnx"), listing.Files[0], 0, CancellationToken.None));
    }

    [Fact]
    public async Task List_NotThere_SaysSo() => await Assert.ThrowsAsync<ImportRefusedException>(() => source.ListAsync(Job("nothing.onnx"), CancellationToken.None));

    public void Dispose() => Directory.Delete(root, recursive: true);

    private ImportJob Job(string path) => new(ImportAddress.Parse($"file://{Allowed}/{path}").Value, root);
}
