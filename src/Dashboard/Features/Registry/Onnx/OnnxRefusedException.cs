namespace Ops.Dashboard.Features.Registry.Onnx;

/// <summary>
/// Carries a refusal from deep inside a file up to <see cref="OnnxReader"/>, which turns it into a result.
/// It never leaves this folder: callers see <see cref="OnnxReadResult"/> only.
/// </summary>
internal sealed class OnnxRefusedException(OnnxRefusal refusal) : Exception(refusal.Message)
{
    public OnnxRefusedException(string code, string message)
        : this(new OnnxRefusal(code, message))
    {
    }

    public OnnxRefusal Refusal { get; } = refusal;

    public static OnnxRefusedException Malformed(string what) =>
        new(OnnxRefusalCodes.Malformed, $"The file is damaged or not an ONNX model: {what}. Export the model again and upload the new file.");

    public static OnnxRefusedException TooMany(string what, long limit) =>
        new(OnnxRefusalCodes.TooMany, $"The model has too many {what} (the limit is {limit}). Simplify or split the model.");

    /// <summary>Text from the file, made safe to show: short, on one line, in quotes.</summary>
    public static string Quote(string text)
    {
        var shown = text.Length <= 120 ? text : string.Concat(text.AsSpan(0, 120), "...");
        return "'" + new string([.. shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) || IsBidirectional(c) ? '\uFFFD' : c)]) + "'";
    }

    // Direction marks would let a name rearrange the sentence around it on the screen.
    private static bool IsBidirectional(char c) => c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F';
}
