using System.Collections;
using Microsoft.Extensions.FileProviders;
using OciImage.Layers;
using OciImage.Tar;

namespace OciImage.FileProviders;

/// <summary>What is in a directory of an image; links appear as what they lead to.</summary>
internal sealed class ImageDirectoryContents(ImageFileTree tree, ImageFile directory) : IDirectoryContents
{
    public bool Exists => true;

    public IEnumerator<IFileInfo> GetEnumerator()
    {
        foreach (ImageFile child in directory.GetChildren())
        {
            ImageFile? shown = child.Type == TarEntryType.SymbolicLink ? tree.Find(child.Path.Span) : child;
            if (shown is not null && ImageFileInfo.IsShown(shown) && ImageFileInfo.TextOf(child) is { } name)
            {
                yield return new ImageFileInfo(tree, shown, name);
            }
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
