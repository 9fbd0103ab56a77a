namespace Ops.Runtime.Processing;

/// <summary>
/// What the runtime does to a version's inputs before the model and to its outputs after it: the content of the
/// version's <c>processing.json</c>, or of <c>Ops:Runtime:Models:n:Processing</c>, which replaces that file. Lists with
/// names and no dictionaries, because tensor names may hold a colon, which configuration keys cannot.
/// </summary>
internal sealed class ProcessingOptions
{
    /// <summary>The inputs that clients send raw.</summary>
    public List<InputProcessingOptions> Inputs { get; set; } = [];

    /// <summary>The outputs that clients get processed.</summary>
    public List<OutputProcessingOptions> Outputs { get; set; } = [];
}

/// <summary>How one input is made from encoded images.</summary>
internal sealed class InputProcessingOptions
{
    /// <summary>The model's input.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Only <c>image</c>: PNG or JPEG.</summary>
    public string Kind { get; set; } = "image";

    /// <summary>Width of the tensor in pixels. 0 takes the model's.</summary>
    public int Width { get; set; }

    /// <summary>Height of the tensor in pixels. 0 takes the model's.</summary>
    public int Height { get; set; }

    /// <summary><c>stretch</c>: to the size, whatever the proportions. <c>crop</c>: the shorter side to the size, then the
    /// centre. <c>pad</c>: all of it inside the size, the rest filled.</summary>
    public string Resize { get; set; } = "stretch";

    /// <summary>With <c>crop</c>, the length that the shorter side gets before the centre is cut out. 0: as much as fills
    /// the size.</summary>
    public int ShortSide { get; set; }

    /// <summary><c>nearest</c>, <c>bilinear</c> or <c>bicubic</c>, each as Pillow defines it.</summary>
    public string Interpolation { get; set; } = "bilinear";

    /// <summary>With <c>pad</c>, the value of every channel outside the image, 0 to 255.</summary>
    public int Padding { get; set; }

    /// <summary>Channels of the tensor: <c>RGB</c>, <c>BGR</c> or <c>GRAY</c>.</summary>
    public string Color { get; set; } = "RGB";

    /// <summary><c>NCHW</c> or <c>NHWC</c>.</summary>
    public string Layout { get; set; } = "NCHW";

    /// <summary>Each value of 0 to 255 is multiplied by this first.</summary>
    public double Scale { get; set; } = 1;

    /// <summary>Subtracted next: one number for all channels or one per channel, in the tensor's order. Empty: 0.</summary>
    public List<double> Mean { get; set; } = [];

    /// <summary>Divided by last: one number for all channels or one per channel. Empty: 1.</summary>
    public List<double> Std { get; set; } = [];

    /// <summary><c>apply</c> turns an image upright as its EXIF orientation says; <c>ignore</c> takes it as stored.</summary>
    public string Orientation { get; set; } = "apply";

    /// <summary>Images that one request may hold.</summary>
    public int MaxBatch { get; set; } = 64;

    /// <summary>Pixels that one image may have.</summary>
    public long MaxPixels { get; set; } = 50_000_000;

    /// <summary>Pixels that all images of one request may have together.</summary>
    public long MaxRequestPixels { get; set; } = 200_000_000;
}

/// <summary>What is made of one output.</summary>
internal sealed class OutputProcessingOptions
{
    /// <summary>The model's output.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Turns the last axis into probabilities.</summary>
    public bool Softmax { get; set; }

    /// <summary>Returns the highest this many along the last axis. 0: the whole tensor.</summary>
    public int TopK { get; set; }

    /// <summary>With <see cref="TopK"/>, the name of each class.</summary>
    public List<string> Labels { get; set; } = [];

    /// <summary>With <see cref="TopK"/>, a file of the version with one name per line instead of <see cref="Labels"/>.</summary>
    public string? LabelsFile { get; set; }

    /// <summary>With <see cref="TopK"/>, also returns the whole tensor.</summary>
    public bool Keep { get; set; }
}
