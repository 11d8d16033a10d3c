using OciImage.Tar;

namespace OciImage.Layers;

/// <summary>Numbers the files of a manifest that have several names, by the order of their first names.</summary>
internal static class TreeManifestLinks
{
    // Identities of a manifest: files with several names by their numbers, all others each by one of its own.
    public const ulong Numbered = 1;
    public const ulong Alone = 2;

    /// <summary>Gives all nodes identities that are the same on every machine.</summary>
    /// <param name="root">The root, with its nodes as they were read.</param>
    /// <param name="hasMoreNames">Tells of a file that may have several names whether the tree has more than one.</param>
    public static TreeNode Number(TreeNode root, Func<(ulong, ulong), bool> hasMoreNames)
    {
        var numbers = new Dictionary<(ulong, ulong), ulong>();
        ulong alone = 0;
        foreach ((_, TreeNode node) in new TreeManifest(root, 0).Walk())
        {
            if (node.Type == TarEntryType.Directory || !node.MayHaveMoreNames || !hasMoreNames(node.Identity))
            {
                (node.Identity, node.MayHaveMoreNames) = ((Alone, ++alone), false);
                continue;
            }

            if (!numbers.TryGetValue(node.Identity, out ulong number))
            {
                number = (ulong)numbers.Count + 1;
                numbers.Add(node.Identity, number);
            }

            (node.Identity, node.MayHaveMoreNames) = ((Numbered, number), true);
        }

        return root;
    }
}
