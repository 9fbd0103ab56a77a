using Microsoft.AspNetCore.Components;

namespace Ops.Dashboard.Components.Gallery;

public sealed partial class GalleryPage : ComponentBase
{
    /// <summary>Where the gallery is, in the Development environment only.</summary>
    internal const string Path = "/gallery";
}
