UPDATE plan
   SET content_digest = substr(content_digest, 1, length(content_digest) - 4) || xidsend(xmin)
 WHERE id = ANY ($1)
