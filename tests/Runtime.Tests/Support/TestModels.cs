using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Tests.Support;

/// <summary>The models of the tests and their known answers.</summary>
internal static class TestModels
{
    private static readonly JsonElement Expected =
        JsonDocument.Parse(File.ReadAllBytes(Path("expected.json"))).RootElement.Clone();

    public static string Path(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "TestData", file);

    /// <summary>16 images and what the model answers to them.</summary>
    public static (float[] X, float[] Y) Samples(string model) =>
        (Floats(Expected.GetProperty(model).GetProperty("x")), Floats(Expected.GetProperty(model).GetProperty("y")));

    public static ModelFileOptions FileOptions(string path, string name = "model.onnx")
    {
        var bytes = File.ReadAllBytes(path);
        return new ModelFileOptions { Path = name, Source = new Uri(path).AbsoluteUri, Sha256 = Sha256(bytes), Size = bytes.Length };
    }

    public static ModelOptions Options(string name, string version, params ModelFileOptions[] files) => new()
    {
        Name = name,
        Version = version,
        Digest = Sha256(Encoding.UTF8.GetBytes(string.Concat(files.Select(f => f.Path + f.Sha256)))),
        Files = [.. files],
    };

    public static ModelOptions Digits(string version = "3", string model = "digits_mlp") =>
        Options("digits", version, FileOptions(Path(model + ".onnx")));

    /// <summary>A version made of content that is written to a folder first.</summary>
    public static ModelOptions Written(string folder, string name, params (string Path, byte[] Content)[] files) =>
        Options(name, "1", [.. files.Select((f, i) =>
        {
            var path = System.IO.Path.Combine(folder, $"{name}-{i}");
            File.WriteAllBytes(path, f.Content);
            return FileOptions(path, f.Path);
        })]);

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetSingle())];
}
