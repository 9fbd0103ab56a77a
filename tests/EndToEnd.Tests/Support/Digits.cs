using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Ops.EndToEnd.Tests.Support;

/// <summary>The two sample models with 16 inputs (8x8 images, 0 to 1) and what each model answers to them, as computed by another program.</summary>
public sealed class Digits
{
    /// <summary>How far an answer may be off.</summary>
    public const double Tolerance = 1e-4;

    /// <summary>How many inputs there are.</summary>
    public const int Count = 16;

    private const int Pixels = 64;
    private const int Classes = 10;
    private const int MostTries = 30;
    private readonly double[] inputs;
    private readonly Dictionary<string, double[]> outputs;

    private Digits(double[] inputs, Dictionary<string, double[]> outputs) => (this.inputs, this.outputs) = (inputs, outputs);

    /// <summary>The convolutional network, 154,563 bytes.</summary>
    public static string CnnFile => TestFolders.Data("digits_cnn.onnx");

    /// <summary>The perceptron, 19,811 bytes.</summary>
    public static string MlpFile => TestFolders.Data("digits_mlp.onnx");

    /// <summary>Reads them.</summary>
    public static Digits Read()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(TestFolders.Data("expected.json")));
        double[] Numbers(string model, string field) => [.. json.RootElement.GetProperty(model).GetProperty(field).EnumerateArray().Select(e => e.GetDouble())];
        var inputs = Numbers("digits_cnn", "x");
        Assert.Equal(inputs, Numbers("digits_mlp", "x"));
        Assert.Equal(Count * Pixels, inputs.Length);
        return new(inputs, new() { ["cnn"] = Numbers("digits_cnn", "y"), ["mlp"] = Numbers("digits_mlp", "y") });
    }

    /// <summary>One image, row by row.</summary>
    public ReadOnlySpan<double> Input(int index) => inputs.AsSpan(index * Pixels, Pixels);

    /// <summary>What a model answers to it.</summary>
    public ReadOnlySpan<double> Output(string model, int index) => outputs[model].AsSpan(index * Classes, Classes);

    /// <summary>Which of the two models gave this answer: <c>cnn</c>, <c>mlp</c>, or null when it was neither.</summary>
    public string? WhoAnswered(int index, IReadOnlyList<double> answer) => outputs.Keys.FirstOrDefault(model => IsOf(model, index, answer));

    /// <summary>The body of a request of the Open Inference Protocol about one image.</summary>
    public JsonContent Request(int index) => JsonContent.Create(new
    {
        inputs = new[] { new { name = "input", shape = new[] { 1, 1, 8, 8 }, datatype = "FP32", data = Input(index).ToArray() } },
    });

    /// <summary>The numbers in an answer of the protocol.</summary>
    public static double[] Logits(JsonElement answer) => [.. answer.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(e => e.GetDouble())];

    private static double[] Logits(string text)
    {
        using var json = JsonDocument.Parse(text);
        return Logits(json.RootElement);
    }

    /// <summary>Asks an endpoint about one image.</summary>
    /// <returns>The ten numbers.</returns>
    public async Task<double[]> AskAsync(HttpClient client, string endpoint, string model, int index)
    {
        for (var tries = 1; ; tries++)
        {
            using var answer = await client.PostAsync($"/serve/{endpoint}/v2/models/{model}/infer", Request(index));
            var text = await answer.Content.ReadAsStringAsync();
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter?.Delta is { } pause && tries < MostTries)
            {
                // What any client does that is told to come back, such as by a dashboard that has just started.
                await Task.Delay(pause);
                continue;
            }

            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode}: {text}");
            return Logits(text);
        }
    }

    /// <summary>Asks about all images and compares with what this model should say.</summary>
    public async Task AssertServedAsync(HttpClient client, string endpoint, string model, string expected)
    {
        for (var index = 0; index < Count; index++)
        {
            var answer = await AskAsync(client, endpoint, model, index);
            Assert.True(IsOf(expected, index, answer), $"Image {index}: {string.Join(' ', answer)} is not what {expected} says ({WhoAnswered(index, answer) ?? "nor the other one"}).");
        }
    }

    private bool IsOf(string model, int index, IReadOnlyList<double> answer)
    {
        var expected = Output(model, index);
        if (answer.Count != expected.Length)
        {
            return false;
        }

        for (var i = 0; i < expected.Length; i++)
        {
            if (Math.Abs(answer[i] - expected[i]) > Tolerance)
            {
                return false;
            }
        }

        return true;
    }
}
