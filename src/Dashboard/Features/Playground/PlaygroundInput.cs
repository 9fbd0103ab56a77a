namespace Ops.Dashboard.Features.Playground;

/// <summary>One tensor that a request must bring, as the form asks for it.</summary>
public sealed record PlaygroundInput
{
    /// <summary>The name in the request.</summary>
    public required string Name { get; init; }

    /// <summary>The Open Inference Protocol datatype, or null when the protocol cannot carry it.</summary>
    public string? Datatype { get; init; }

    /// <summary>The dimensions from the outside in.</summary>
    public IReadOnlyList<PlaygroundDimension> Dimensions { get; init; } = [];

    /// <summary>How to make it from a picture, or null when it does not have the shape of one.</summary>
    public PlaygroundImage? Image { get; init; }

    /// <summary>Why the form cannot ask for it, or null.</summary>
    public string? Problem { get; init; }
}

/// <summary>One dimension.</summary>
/// <param name="Label">Its name in the model, or its position.</param>
/// <param name="Fixed">The size that the model demands, or null when the person chooses it.</param>
/// <param name="Size">The size to begin with.</param>
public sealed record PlaygroundDimension(string Label, long? Fixed, long Size);

/// <summary>A tensor of the shape of pictures.</summary>
/// <param name="ChannelsFirst">True for [N, channels, height, width], false for [N, height, width, channels].</param>
/// <param name="Channels">1 for grey, 3 for red, green and blue.</param>
public sealed record PlaygroundImage(bool ChannelsFirst, int Channels);
