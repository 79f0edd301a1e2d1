import { Document, isCollection, isNode, isPair, isSeq, visit, type Node } from "yaml";

/**
 * YAML with a remark behind each value.
 *
 * @param remarks by dotted path; lists are single values
 */
export function annotatedYaml(value: unknown, remarks: Readonly<Record<string, string>>): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_, pair, ancestors) {
      const keys = [...ancestors.filter(isPair), pair].map(({ key }) => String(isNode(key) ? key.toJSON() : key));
      const remark = remarks[keys.join(".")];
      if (remark === undefined || !isNode(pair.value)) return undefined;
      const node: Node = pair.value;
      if (isCollection(node)) node.flow = true; // so that the remark stands behind it
      node.comment = ` ${remark}`;
      return isSeq(node) ? visit.SKIP : undefined;
    },
  });
  return document.toString({ lineWidth: 0 }).trimEnd();
}
